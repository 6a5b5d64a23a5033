from __future__ import annotations

import io
import sys
from importlib import resources
from pathlib import Path

import pytest
import trio
from click.testing import CliRunner, Result
from rich.console import Console

from phonegame.characters.brains.script.brain import ScriptBrain
from phonegame.characters.files import CharacterFiles
from phonegame.characters.persona import Persona
from phonegame.cli import main
from phonegame.local.character.talk import Stage, talk_until_stopped
from phonegame.local.model import Answer, Call, ModelConfig, ModelService, Script, serve_model
from tests.characters.test_files import MODELLED, SCRIPTED

PIZZERIA = str(resources.files("phonegame.characters") / "examples" / "pizzeria.toml")
ACTING = """
name = "Porter"
[[actions]]
name = "open_door"
[states.door]
say = "Well?"
listen = [{ hear = "open", do = "open_door", done = { say = "Done: {result}." }, failed = { say = "Why: {result}." } }]
silence = "Hm?"
[[anywhere]]
hear = "bye"
hang_up = true
"""


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, ["character", *arguments], input=typed)


def written(folder: Path, text: str) -> str:
    path = folder / "porter.toml"
    path.write_text(text)
    return str(path)


def test_a_good_file_is_told_so() -> None:
    result = run("check", PIZZERIA)
    assert result.exit_code == 0
    assert result.output == f"{PIZZERIA}: Luigi's pizzeria, played by a script, can be used\n"


def test_faults_and_warnings_are_told_and_the_exit_status_tells_which(tmp_path: Path) -> None:
    path = written(tmp_path, SCRIPTED + "[states.attic]")
    result = run("check", path)
    assert result.exit_code == 0
    assert f"{path}: warning: state attic: nothing leads here" in result.output
    path = written(tmp_path, SCRIPTED + "sey = 1\ngo = 'attic'")
    result = run("check", PIZZERIA, path)
    assert result.exit_code == 1
    assert f"{path}: state hello, rule 1, sey: unknown; did you mean 'set'?" in result.output
    assert f"{path}: state hello, rule 1, go: there is no state 'attic'" in result.output
    assert "can be used" in result.output


def test_the_format_is_explained() -> None:
    output = run("format").output
    assert all(f"\n  {field} = " in output for field in Persona.__struct_fields__ if field not in ("script", "actions"))
    assert all(key in output for key in ("[[anywhere]]", "calling_again", "{count:number}", "ask_again", "takes"))


def conversation(result: Result) -> list[str]:
    return [line.strip() for line in result.output.splitlines()]


def test_what_is_typed_is_answered(tmp_path: Path) -> None:
    result = run(
        "talk", written(tmp_path, ACTING), typed="open\nnicely\n\nopen\nno it is locked\nopen\nNo\nbye\nopen\n"
    )
    assert result.exit_code == 0
    assert conversation(result) == [
        "character  Well?",
        "action  open_door {}",
        "character  Done: nicely.",
        "character  Hm?",
        "action  open_door {}",
        "character  Why: it is locked.",
        "action  open_door {}",
        "character  Why: refused.",
        "It has hung up.",
    ]


def test_arguments_that_the_file_does_not_allow_are_refused_as_the_server_does_it(tmp_path: Path) -> None:
    acting = ACTING.replace('name = "open_door"', 'name = "open_door"\ntakes = { times = "integer" }')
    result = run(
        "talk",
        written(tmp_path, acting.replace('do = "open_door"', 'do = "open_door", with = { times = "{heard}" }')),
        typed="open\nbye\n",
    )
    assert conversation(result)[1:] == [
        'action  open_door {"times":"open"}',
        "refused  times: 'open' is not of type 'integer'",
        "character  Why: refused: times: 'open' is not of type 'integer'.",
        "It has hung up.",
    ]


def test_the_end_of_the_input_ends_the_call(tmp_path: Path) -> None:
    assert conversation(run("talk", written(tmp_path, ACTING), typed="open\n"))[-1] == "character  Done: done."


def test_a_file_with_faults_is_not_talked_with(tmp_path: Path) -> None:
    result = run("talk", written(tmp_path, "name = 3"))
    assert result.exit_code == 1
    assert "porter.toml: name: Expected str" in result.output


def test_a_character_for_a_model_needs_one(tmp_path: Path) -> None:
    result = run("talk", written(tmp_path, MODELLED), typed="hello\n")
    assert "set PHONEGAME_MODEL" in result.output


def test_a_greeting_is_said_first(tmp_path: Path) -> None:
    result = run("talk", written(tmp_path, 'greeting = "Hi."' + ACTING.replace('say = "Well?"', "")), typed="\n")
    assert conversation(result) == ["character  Hi.", "character  Hm?"]


async def test_the_file_may_be_changed_while_one_talks(tmp_path: Path) -> None:
    path = Path(written(tmp_path, ACTING))

    class Typist:
        lines = iter([b"\n", b"\n"])

        def read(self, _size: int, /) -> bytes:
            line = next(self.lines, b"")
            if "Hm?" in out.getvalue():
                path.write_text(ACTING.replace("Hm?", "Hello, hello?"))
            return line

    out = io.StringIO()
    stage = Stage(Console(file=out, highlight=False), Typist())
    files = CharacterFiles()
    await talk_until_stopped(files, await files.load(path), ScriptBrain(1), stage)
    assert "Hello, hello?" in out.getvalue()


@pytest.mark.parametrize("typed", ["hello\x1b[2J\n", "\x00\n"])
def test_nothing_that_is_said_rules_the_terminal(tmp_path: Path, typed: str) -> None:
    echoing = ACTING + 'say = "Bye."\n[[anywhere]]\nhear = "{words:text}"\nsay = "{words}"'
    assert "\x1b" not in run("talk", written(tmp_path, echoing), typed=typed).output


def test_one_without_a_script_needs_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PHONEGAME_MODEL", raising=False)
    result = run("talk", written(tmp_path, MODELLED))
    assert result.exit_code == 1
    assert "PHONEGAME_MODEL" in result.output


def test_faults_of_the_model_s_settings_are_told_without_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PHONEGAME_MODEL", "local")
    monkeypatch.setenv("PHONEGAME_MODEL_KEY", "planted key")
    result = run("talk", written(tmp_path, MODELLED))
    assert result.exit_code == 1
    assert "PHONEGAME_MODEL_KEY: has spaces" in result.output
    assert "planted" not in result.output


async def test_a_model_plays_it_at_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path, MODELLED + 'greeting = "Hello."\n')
    async with trio.open_nursery() as nursery:
        script = Script([Answer(text="Good evening."), Answer(text="Bye.", calls=(Call("hang_up"),))])
        model: ModelService = await nursery.start(serve_model, ModelConfig(script=script))
        monkeypatch.setenv("PHONEGAME_MODEL", "local")
        monkeypatch.setenv("PHONEGAME_MODEL_URL", model.openai_url)
        code = "from phonegame.cli import main; main()"
        command = [sys.executable, "-c", code, "character", "talk", path]
        done = await trio.run_process(command, stdin=b"hi\nbye\n", capture_stdout=True)
        assert b"Good evening." in done.stdout
        assert b"It has hung up." in done.stdout
        nursery.cancel_scope.cancel()
