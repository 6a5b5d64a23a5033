from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from phonegame.cli import main
from phonegame.local.model import script_file
from phonegame.local.model.script import Answer, Call
from phonegame.local.model.script_file import ScriptFileError, load_script, parse_script


def test_the_example_is_a_script() -> None:
    assert script_file.__doc__ is not None
    script = parse_script(script_file.__doc__.partition("\n\n")[2])
    assert script.next_for("hello") == Answer(text="What would you like on it?", token=0.05)
    calls = (Call("order", {"topping": "mushrooms"}),)
    assert script.next_for("Mushrooms!") == Answer(said="mushrooms", text="Mushrooms it is.", calls=calls)
    assert script.next_for("hello") == Answer(status=429)
    assert script.next_for("hello") == Answer(text="Goodbye.")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[answr]]", "answr"),
        ("[[answer]]\ntxt = 'a'", "txt"),
        ("[[answer]]\nstatus = 200", "status"),
        ("[[answer]]\ntoken = -1", "token"),
        ("[[answer]\n", "line 1"),
    ],
)
def test_a_fault_is_named(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "script.toml"
    path.write_text(text)
    with pytest.raises(ScriptFileError, match=words) as caught:
        load_script(path)
    assert str(path) in str(caught.value)


def test_the_command_s_help_has_a_script() -> None:
    shown = CliRunner().invoke(main, ["model", "--help"], terminal_width=120).output
    script = parse_script(shown.partition("such as\n")[2].partition("Options:")[0])
    assert script.next_for("mushrooms, please").text == "Mushrooms it is."
    assert [script.next_for("x").token, script.next_for("x").status] == [0.05, 429]
    assert script.next_for("x").text == "You said: {said}"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ScriptFileError, match="none"):
        load_script(tmp_path / "none.toml")
