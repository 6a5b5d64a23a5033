from __future__ import annotations

import sys
from pathlib import Path

import interpreters
import pytest


def test_this_version_is_this_interpreter() -> None:
    assert interpreters.find_interpreter(interpreters.this_version()) == sys.executable


def test_a_version_that_is_nowhere_is_not_found() -> None:
    assert interpreters.find_interpreter("3.99") is None


def test_newest_of_pyenv_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("3.13.9", "3.13.10", "3.13.2", "3.13-dev", "3.13.0rc1", "3.11.7"):
        (tmp_path / "versions" / name).mkdir(parents=True)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert [home.name for home in interpreters._pyenv_versions("3.13")] == ["3.13.10", "3.13.9", "3.13.2"]


def test_what_does_not_start_is_not_taken(tmp_path: Path) -> None:
    assert interpreters._ask([str(tmp_path / "python")], interpreters.this_version()) is None


def test_another_version_behind_a_name_is_not_taken() -> None:
    assert interpreters._ask([sys.executable], "3.99") is None
    assert interpreters._ask([sys.executable], interpreters.this_version()) == sys.executable
