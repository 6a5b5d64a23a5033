from __future__ import annotations

import ast
import itertools
import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import environment
import pytest


class Commands:
    """Stands in for the processes that make an environment: records them, and leaves their files behind."""

    def __init__(self, directory: Path) -> None:
        self.ran: list[str] = []
        self.variables: dict[str, str] = {}
        self.failing: str | None = None
        self._directory = directory

    def run(self, command: Sequence[str], env: dict[str, str] | None = None, quiet: bool = False) -> int:
        kind = "pip" if "pip" in command else "venv" if "venv" in command else "check"
        self.ran.append(kind)
        self.variables = env or {}
        if kind == self.failing:
            return 1
        if kind == "venv":
            python = environment.venv_python(self._directory)
            python.parent.mkdir(parents=True)
            python.touch()
        return 0


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / ".venv"


@pytest.fixture
def commands(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    commands = Commands(directory)
    monkeypatch.setattr(environment, "_run", commands.run)
    for name in ("LOCK", "PYPROJECT"):
        path = directory.parent / getattr(environment, name).name
        path.write_text(name)
        monkeypatch.setattr(environment, name, path)
    return commands


def test_first_run_makes_and_installs(directory: Path, commands: Commands) -> None:
    python = environment.ensure(directory, ["local"])
    assert commands.ran == ["check", "venv", "pip"]
    assert python.exists()


def test_every_version_comes_from_the_lock(directory: Path, commands: Commands) -> None:
    environment.ensure(directory, ["local"])
    assert commands.variables["PIP_CONSTRAINT"] == commands.variables["PIP_BUILD_CONSTRAINT"] == "requirements.lock"


def test_nothing_runs_when_nothing_changed(directory: Path, commands: Commands) -> None:
    environment.ensure(directory, ["local"])
    commands.ran.clear()
    environment.ensure(directory, ["local"])
    assert commands.ran == []


@pytest.mark.parametrize("name", ["LOCK", "PYPROJECT"])
def test_a_changed_file_installs_again(directory: Path, commands: Commands, name: str) -> None:
    environment.ensure(directory, ["local"])
    commands.ran.clear()
    getattr(environment, name).write_text("changed")
    environment.ensure(directory, ["local"])
    assert commands.ran == ["pip"]


def test_other_extras_install_again(directory: Path, commands: Commands) -> None:
    environment.ensure(directory, ["local"])
    commands.ran.clear()
    environment.ensure(directory, ["test", "local"])
    assert commands.ran == ["pip"]


def test_another_interpreter_makes_it_anew(
    directory: Path, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment.ensure(directory, ["local"])
    commands.ran.clear()
    monkeypatch.setattr(sys, "base_prefix", "elsewhere")
    environment.ensure(directory, ["local"])
    assert commands.ran == ["check", "venv", "pip"]


@pytest.mark.parametrize("stamp", [None, "", "[]", "{"], ids=["none", "empty", "not an object", "cut off"])
def test_half_made_is_made_anew(directory: Path, commands: Commands, stamp: str | None) -> None:
    environment.ensure(directory, ["local"])
    (directory / environment.STAMP).unlink()
    if stamp is not None:
        (directory / environment.STAMP).write_text(stamp)
    commands.ran.clear()
    environment.ensure(directory, ["local"])
    assert commands.ran == ["check", "venv", "pip"]


def test_a_lost_python_is_made_anew(directory: Path, commands: Commands) -> None:
    environment.ensure(directory, ["local"]).unlink()
    commands.ran.clear()
    environment.ensure(directory, ["local"])
    assert commands.ran == ["check", "venv", "pip"]


def test_pip_that_fails_says_what_to_do_and_leaves_it_half_made(directory: Path, commands: Commands) -> None:
    commands.failing = "pip"
    with pytest.raises(environment.EnvironmentFault, match="needs the internet"):
        environment.ensure(directory, ["local"])
    commands.failing = None
    commands.ran.clear()
    environment.ensure(directory, ["local"])
    assert commands.ran == ["check", "venv", "pip"]


@pytest.mark.parametrize("failing", ["check", "venv"])
def test_a_python_without_venv_says_what_to_install(directory: Path, commands: Commands, failing: str) -> None:
    commands.failing = failing
    with pytest.raises(environment.EnvironmentFault, match="sudo apt install python3-venv"):
        environment.ensure(directory, ["local"])


def test_a_python_that_is_too_old_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 12))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or later, and this is .*\. (Run it with|Get one)"):
        environment.require_python()


@pytest.mark.parametrize("name", ["environment.py", "demo.py", "interpreters.py", "test.py"])
def test_an_old_python_can_read_the_scripts(name: str) -> None:
    """Else it could not say that it is too old."""
    ast.parse((environment.ROOT / "scripts" / name).read_text(encoding="utf-8"), feature_version=(3, 8))


def test_lock_has_every_requirement_and_nothing_of_the_machine_that_made_it() -> None:
    lock = environment.LOCK.read_text(encoding="utf-8")
    project = tomllib.loads(environment.PYPROJECT.read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    required = [*project["build-system"]["requires"], *project["project"]["dependencies"], *itertools.chain(*extras)]
    names = {re.split(r"[^\w.-]", requirement)[0].lower() for requirement in required}
    pinned = {line.partition("==")[0] for line in lock.splitlines() if "==" in line.partition("#")[0]}
    assert names <= pinned
    assert "--" not in lock
    assert "://" not in lock
