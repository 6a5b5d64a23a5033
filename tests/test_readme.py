"""What the README tells people to write, run as they would."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import trio

from phonegame.settings import Settings
from tests.house import open_house

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def example(language: str) -> str:
    """For the text protocol; tests/wire/test_v1_readme.py has those for phonegame.v1."""
    (code,) = re.findall(rf"```{language}\n(.*?)```", README.partition("### phonegame.v1")[0], re.DOTALL)
    return str(code)


@pytest.mark.slow
async def test_the_game_in_python_hears_and_speaks() -> None:
    async with open_house(voice="espeak") as house:
        code = example("python").replace("ws://127.0.0.1:5000/game", house.game_url)
        async with trio.open_nursery() as nursery:
            game: trio.Process = await nursery.start(
                partial(trio.run_process, [sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, check=False)
            )
            assert game.stdout is not None
            greeting = b""
            while not greeting.endswith(b"\n"):
                greeting += await game.stdout.receive_some()
            shown = re.fullmatch(r"Call (\S+) and say (\d+)\s+", greeting.decode())
            assert shown is not None, greeting
            async with house.phone() as caller:
                await caller.phone.key(shown[2] + "#")
                await caller.phone.wait_heard(0.5)
                await caller.says("one pizza")
                assert (await game.stdout.receive_some()).decode().strip() == "Caller: one pizza"
            game.terminate()


def test_every_setting_is_in_the_table() -> None:
    rows = re.findall(r"^\| (`[^|]*`) \|", README, re.MULTILINE)
    documented = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}
    known = {
        str(field.validation_alias or f"PHONEGAME_{name.upper()}") for name, field in Settings.model_fields.items()
    }
    assert documented == known


def test_every_prompt_is_shown_as_it_is() -> None:
    rows = dict(re.findall(r"^\| `(PHONEGAME_PROMPT_[A-Z_]+)` \| ([^|]*) \|", README, re.MULTILINE))
    fields = {name: field for name, field in Settings.model_fields.items() if name.startswith("prompt_")}
    assert rows == {f"PHONEGAME_{name.upper()}": field.default for name, field in fields.items()}


def test_every_link_to_a_heading_leads_somewhere() -> None:
    links = re.findall(r"\]\(#([^)]*)\)", README)
    headings = {
        re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")
        for heading in re.findall("^#+ (.*)$", README, re.MULTILINE)
    }
    assert links
    assert [link for link in links if link not in headings] == []


def test_every_link_into_the_code_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)h#][^)]*)\)", README)
    assert links
    assert [link for link in links if not (Path(__file__).parent.parent / link).exists()] == []
