from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from phonegame.characters.brains.script.brain import ScriptBrain
from phonegame.characters.files import CharacterFileError, CharacterFiles, examine, read_character
from phonegame.characters.persona import Persona
from tests.characters.talker import Talker

SCRIPTED = """
name = "Witness"
voice = "espeak"
patience = 1
[[actions]]
name = "ring"
seconds = 9
takes = { times = "integer", how = ["loud", "soft"] }
[states.hello]
say = "Hello?"
silence = "Well?"
[[states.hello.listen]]
hear = "who is there"
say = "Nobody."
"""
MODELLED = 'name = "Witness"\npersona = "You have seen nothing."\n'


def errors_of(text: str) -> list[str]:
    return [str(fault) for fault in examine(text).faults.errors]


def test_a_character_with_a_script() -> None:
    persona = examine(SCRIPTED).persona
    assert persona is not None
    assert (persona.name, persona.voice, persona.patience) == ("Witness", "espeak", 1)
    assert persona.script == SCRIPTED
    assert persona.vocabulary == ("who's there",)
    assert persona.silence_prompt == ""  # the script has words of its own
    assert msgspec.to_builtins(persona.actions[0]) == {
        "name": "ring",
        "seconds": 9.0,
        "parameters": {
            "type": "object",
            "properties": {"times": {"type": "integer"}, "how": {"enum": ["loud", "soft"]}},
            "required": ["times", "how"],
            "additionalProperties": False,
        },
    }


def test_the_one_in_the_readme_is_without_fault() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)
    assert examine(text).faults.found == []


def test_a_character_for_a_model() -> None:
    assert examine(MODELLED).persona == Persona(name="Witness", persona="You have seen nothing.")


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ["name: is missing", "persona: is missing, and there is no [states....] either"]),
        ("name =", ["is no TOML"]),
        ('name = ""\n' + MODELLED.split("\n")[1], ["name: Expected str of length >= 1"]),
        (
            MODELLED + 'patience = 9\nvoice = 3\ngoodby = "x"',
            ["voice: ", "patience: ", "goodby: unknown; did you mean"],
        ),
        (MODELLED + 'script = "x"', ["script: belongs into the file itself"]),
        (MODELLED + "actions = [3]", ["action 1: must be a table"]),
        (MODELLED + "actions = 3", ["actions: Expected array"]),
        (MODELLED + "[[actions]]\nname = 'a b'", ["action 1: "]),
        (MODELLED + "[[actions]]\nname = 'a'\nsecond = 3", ["action 1, second: unknown; did you mean 'seconds'?"]),
        (
            MODELLED + "[[actions]]\nname = 'a'\n[[actions]]\nname = 'a'",
            ["action 2, name: comes twice; use another one"],
        ),
        (MODELLED + "[[actions]]\nname = 'a'\ntakes = 3", ["action 1, takes: must be a table"]),
        (MODELLED + "[[actions]]\nname = 'a'\ntakes = { x = 'text' }", ["action 1, takes, x: must be one of string"]),
        (SCRIPTED.replace('say = "Nobody."', 'do = "rang"'), ["state hello, rule 1, do: there is no action 'rang'"]),
        (SCRIPTED.replace('"espeak"', "3") + 'go = "x"', ["voice: ", "state hello, rule 1, go: there is no state"]),
    ],
)
def test_all_faults_at_once(text: str, faults: list[str]) -> None:
    found = errors_of(text)
    assert len(found) == len(faults)
    assert all(each.startswith(fault) for each, fault in zip(found, faults, strict=True)), found


def test_a_greeting_in_the_place_of_the_first_words_is_warned_of() -> None:
    warnings = examine('greeting = "Hi."\n' + SCRIPTED).faults.warnings
    assert [str(each) for each in warnings] == ["greeting: is said in the place of what state hello says at first"]


@settings(deadline=None)
@given(st.one_of(st.text(max_size=50), st.text(max_size=20).map(lambda text: SCRIPTED + text)))
def test_any_text_is_a_character_or_has_faults(text: str) -> None:
    examined = examine(text)
    assert (examined.persona is None) == bool(examined.faults.errors)


@pytest.mark.parametrize(
    ("content", "fault"), [(None, "cannot be read"), (b"\xff", "is not UTF-8, at byte 0; save it as UTF-8")]
)
def test_files_that_cannot_be_read(tmp_path: Path, content: bytes | None, fault: str) -> None:
    path = tmp_path / "x.toml"
    if content is not None:
        path.write_bytes(content)
    (found,) = read_character(path).faults.errors
    assert str(found).startswith(fault)


def test_the_mark_of_editors_for_windows_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xef\xbb\xbf" + MODELLED.encode())
    assert read_character(path).persona is not None


async def test_a_changed_file_counts_from_the_next_turn_on(tmp_path: Path) -> None:
    path = tmp_path / "witness.toml"
    path.write_text(SCRIPTED)
    files = CharacterFiles()
    persona = await files.load(path)
    async with ScriptBrain(1).open() as mind:
        caller = Talker(mind, persona)
        await caller.call()
        assert await caller.say("who is there?") == "Nobody."
        path.write_text(SCRIPTED.replace("Nobody.", "Somebody!"))
        caller.script = (await files.newest(persona)).script
        assert await caller.say("who is there?") == "Somebody!"


async def test_every_version_of_a_file_leads_to_the_newest(tmp_path: Path) -> None:
    path = tmp_path / "witness.toml"
    path.write_text(MODELLED)
    files = CharacterFiles()
    first = await files.load(path)
    path.write_text(MODELLED + "patience = 2")
    second = await files.newest(first)
    path.write_text(MODELLED + "patience = 3.5")
    assert (await files.newest(first)).patience == 3.5
    assert (await files.newest(second)).patience == 3.5


async def test_a_character_that_is_of_no_file_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "witness.toml"
    path.write_text(MODELLED)
    files = CharacterFiles()
    await files.load(path)
    of_game = Persona(name="Witness", persona="Somebody else.")
    assert await files.newest(of_game) is of_game


async def test_what_another_worker_has_read_is_found_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "witness.toml"
    path.write_text(MODELLED)
    persona = await CharacterFiles().load(path)
    files = CharacterFiles(tmp_path)
    assert await files.newest(persona, "witness") is persona
    assert await files.newest(persona, "nobody") is persona
    path.write_text("name =")
    assert await CharacterFiles(tmp_path).newest(persona, "witness") is persona
    path.write_text(MODELLED + "patience = 2")
    assert (await files.newest(persona, "witness")).patience == 2


@pytest.mark.parametrize("broken", ["name =", None])
async def test_a_file_that_breaks_leaves_all_as_it_was_and_is_told_of_once(tmp_path: Path, broken: str | None) -> None:
    path = tmp_path / "witness.toml"
    path.write_text(MODELLED)
    files = CharacterFiles()
    persona = await files.load(path)
    if broken is None:
        path.unlink()
    else:
        path.write_text(broken)
    with capture_logs() as logs:
        assert await files.newest(persona) == persona
        assert await files.newest(persona) == persona
    assert [entry["log_level"] for entry in logs] == ["error"]
    assert logs[0]["faults"]
    path.write_text(MODELLED + "patience = 2")
    assert (await files.newest(persona)).patience == 2


async def test_a_file_that_was_never_good_is_an_error_with_all_its_faults(tmp_path: Path) -> None:
    path = tmp_path / "witness.toml"
    path.write_text("patience = 9")
    with pytest.raises(CharacterFileError, match=r"(?s)witness.toml: name: is missing.*witness.toml: persona"):
        await CharacterFiles().load(path)


async def test_games_use_those_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "witness.toml").write_text(MODELLED)
    (tmp_path / "outside.toml").write_text(MODELLED)
    files = CharacterFiles(tmp_path / "inside")
    assert (await files.use("witness")) == examine(MODELLED).persona
    assert await files.use("nobody") is None
    assert await files.use("../outside") is None
    assert await CharacterFiles().use("witness") is None
