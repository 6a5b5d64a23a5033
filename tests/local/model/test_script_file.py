from __future__ import annotations

from pathlib import Path

import pytest

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


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ScriptFileError, match="none"):
        load_script(tmp_path / "none.toml")
