from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from phonegame.characters.brain import BrainMissing
from phonegame.characters.brains import find_brain


@pytest.mark.parametrize(
    ("model", "url", "name"),
    [
        ("gpt-4.1-mini", "", "openai:gpt-4.1-mini"),
        ("openai:gpt-4.1-mini", "", "openai:gpt-4.1-mini"),
        ("qwen3:8b", "http://127.0.0.1:11434/v1", "openai:qwen3:8b"),
        ("anthropic:claude-haiku-4-5", "", "anthropic:claude-haiku-4-5"),
    ],
)
def test_a_model_is_found_by_its_name(model: str, url: str, name: str) -> None:
    assert find_brain(model, url=url, key="planted").name == name


def test_without_a_model_there_is_none() -> None:
    with pytest.raises(BrainMissing, match="set PHONEGAME_MODEL, or give the character a script"):
        find_brain("")


@pytest.mark.parametrize("model", ["gpt-4.1-mini", "anthropic:claude-haiku-4-5"])
def test_without_a_key_the_companies_are_not_asked(model: str) -> None:
    with pytest.raises(BrainMissing, match="set PHONEGAME_MODEL_KEY"):
        find_brain(model)


@pytest.mark.parametrize(
    ("model", "extra"), [("gpt-4.1-mini", "openai"), ("anthropic:m", "anthropic"), ("langchain:a:b", "langchain")]
)
def test_without_its_library_a_brain_tells_how_to_get_it(
    model: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(BrainMissing, match=rf"pip install 'phonegame\[{extra}\]'"):
        find_brain(model, key="planted")


@pytest.mark.slow
def test_no_library_is_imported_before_it_is_asked_for() -> None:
    code = (
        "import sys, phonegame.app, phonegame.characters.brains as brains; brains.find_brain('m', key='k')\n"
        "print([m for m in ('openai', 'anthropic', 'langchain_core', 'httpx2', 'httpx', 'anyio') if m in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert printed.strip() == "[]"
