from __future__ import annotations

import json
from pathlib import Path

import pytest

from phonegame.local.speech import (
    CloseAfter,
    CloseWhen,
    Pace,
    Plan,
    Say,
    Script,
    Send,
    SendWhen,
    SpeakLimits,
    SpeakPlan,
    When,
    refuse,
    refuse_to_speak,
)
from phonegame.local.speech.script_file import ScriptFileError, load_script

TOML = """
[[connection]]
refuse = 429
[[connection]]
drop_after = 2.5
garbage = [{ at = 1.0, data = "not JSON" }]
close_after = { seconds = 3 }
[[connection.results]]
text = "4"
at = 1.0
final = false
[then]
late = 0.2
[[speak]]
refuse = 402
[[speak]]
stall = { bytes = 4000 }
close = { characters = 20, code = 1008, reason = "DATA-0001" }
garbage = [{ data = "not JSON", bytes = 10 }]
limits = { characters_per_minute = 100 }
pace = { least_chunk = 1, most_chunk = 1 }
[then_speak]
ignore_clear = true
"""
SCRIPT = Script(
    [
        refuse(429),
        Plan(
            drop_after=2.5,
            garbage=(Send("not JSON", at=1.0),),
            close_after=CloseAfter(3),
            results=(Say("4", at=1.0, final=False),),
        ),
    ],
    then=Plan(late=0.2),
    speak=(
        refuse_to_speak(402),
        SpeakPlan(
            stall=When(bytes=4000),
            close=CloseWhen(characters=20, code=1008, reason="DATA-0001"),
            garbage=(SendWhen(data="not JSON", bytes=10),),
            limits=SpeakLimits(characters_per_minute=100),
            pace=Pace(least_chunk=1, most_chunk=1),
        ),
    ),
    then_speak=SpeakPlan(ignore_clear=True),
)


def test_toml_and_json_say_the_same(tmp_path: Path) -> None:
    toml, as_json = tmp_path / "faults.toml", tmp_path / "faults.json"
    toml.write_text(TOML, encoding="utf-8")
    then = {"late": 0.2}
    second = {
        "drop_after": 2.5,
        "garbage": [{"at": 1, "data": "not JSON"}],
        "close_after": {"seconds": 3},
        "results": [{"text": "4", "at": 1.0, "final": False}],
    }
    speak = {
        "stall": {"bytes": 4000},
        "close": {"characters": 20, "code": 1008, "reason": "DATA-0001"},
        "garbage": [{"data": "not JSON", "bytes": 10}],
        "limits": {"characters_per_minute": 100},
        "pace": {"least_chunk": 1, "most_chunk": 1},
    }
    script = {
        "connection": [{"refuse": 429}, second],
        "then": then,
        "speak": [{"refuse": 402}, speak],
        "then_speak": {"ignore_clear": True},
    }
    as_json.write_text(json.dumps(script), encoding="utf-8")
    assert load_script(toml) == SCRIPT
    assert load_script(as_json) == SCRIPT


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[[connections]]", "connections"),
        ("[[connection]]\nstal_after = 1", "stal_after"),
        ('[[connection]]\nstall_after = "soon"', "stall_after"),
        ("[[connection]]\nrefuse = 418", "418"),
        ("[[connection]]\n[[connection.results]]\nat = 1.0", "text"),
        ("connection = 1", "connection"),
        ("[[speak]]\nstall = 1", "stall"),
        ("[[speak]]\nstall = { byte = 1 }", "byte"),
        ("then_speak = 1", "then_speak"),
        ("=", "line 1"),
    ],
)
def test_what_is_wrong_is_named_with_the_file(tmp_path: Path, text: str, names: str) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScriptFileError, match=names) as caught:
        load_script(file)
    assert "wrong.toml" in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScriptFileError, match=r"nothing\.toml"):
        load_script(tmp_path / "nothing.toml")
