"""Who answers which number, from a TOML file:

["+12015550101"]
answers = "person"                 # the default; or machine, busy, declines, no-answer, fails, lost, refused
rings = 2
steps = [{ say = "forty two" }, { pause = 2 }, { keys = "7#" }, { listen = 0.8 }, { wav = "answer.wav" }]
stay = 10                          # seconds at the end; without: until the other side hangs up
record = "heard.wav"               # what is heard, beside this file; written anew at the end of each call
["+12015550105"]
answers = "machine"
greeting = "Nobody is at home."
ends = "beep"                      # or silence, other
["+12015550106"]
answers = "refused"
code = 21215
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Literal, assert_never

import msgspec

from phonegame.local.phone.phone import KEYS
from phonegame.local.phone.script import Keys, Listen, Pause, PlayWav, Say, Step
from phonegame.local.twilio_api.answers import (
    Answer,
    Answers,
    Busy,
    Declines,
    Fails,
    Lost,
    Machine,
    NoAnswer,
    Refused,
)
from phonegame.local.twilio_api.people import listen, scripted

EXAMPLE = "+12015550101"
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class PhonesFileError(ValueError):
    """The file cannot be used; the text names the file and the field."""


class _Entry(msgspec.Struct, forbid_unknown_fields=True, tag_field="answers"):
    rings: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.rings < 1000:
            raise ValueError(f"rings must be from 0 to 1000, not {self.rings:g}")


class _Step(msgspec.Struct, forbid_unknown_fields=True):
    say: str | None = None
    pause: float | None = None
    listen: float | None = None
    keys: str | None = None
    wav: str | None = None

    def __post_init__(self) -> None:
        if sum(value is not None for value in (self.say, self.pause, self.listen, self.keys, self.wav)) != 1:
            raise ValueError("a step is one of say, pause, listen, keys and wav")
        if self.keys is not None and not KEYS.issuperset(self.keys):
            raise ValueError(f"keys: {self.keys!r}: the keys are 0 to 9, * and #")


class _Person(_Entry, tag="person"):
    steps: tuple[_Step, ...] = ()
    stay: float | None = None
    record: str | None = None


class _Machine(_Entry, tag="machine"):
    greeting: str = Machine().greeting
    ends: Literal["beep", "silence", "other"] = "beep"
    seconds: float = 30.0


class _Busy(_Entry, tag="busy"):
    pass


class _Declines(_Entry, tag="declines"):
    pass


class _NoAnswer(_Entry, tag="no-answer"):
    pass


class _Fails(_Entry, tag="fails"):
    sip_code: int = 404


class _Lost(_Entry, tag="lost"):
    pass


class _Refused(_Entry, tag="refused"):
    code: Literal[21214, 21215, 21216, 21219] = 21214


_AnyEntry = _Person | _Machine | _Busy | _Declines | _NoAnswer | _Fails | _Lost | _Refused


def load_phones(path: Path) -> dict[str, Answer]:
    """Raises PhonesFileError. WAV files are beside the file, if their paths are not absolute."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        for entry in data.values():
            if isinstance(entry, dict):
                entry.setdefault("answers", "person")
        entries = msgspec.convert(data, dict[str, _AnyEntry])
    except (OSError, ValueError) as error:
        raise PhonesFileError(f"{path}: {error}") from error
    for number in entries:
        if not _E164.fullmatch(number):
            raise PhonesFileError(f'{path}: ["{number}"]: write the number as it is dialled, such as ["{EXAMPLE}"]')
    return {number: _answer(entry, path.parent) for number, entry in entries.items()}


def _answer(entry: _AnyEntry, folder: Path) -> Answer:
    match entry:
        case _Person():
            steps = [_step(step, folder) for step in entry.steps]
            behave = scripted(steps, stay=entry.stay) if steps or entry.stay is not None else listen
            return Answers(entry.rings, behave, record=folder / entry.record if entry.record else None)
        case _Machine():
            return Machine(entry.greeting, entry.rings, entry.ends, entry.seconds)
        case _Busy():
            return Busy(entry.rings)
        case _Declines():
            return Declines(entry.rings)
        case _NoAnswer():
            return NoAnswer()
        case _Fails():
            return Fails(entry.sip_code)
        case _Lost():
            return Lost()
        case _Refused():
            return Refused(entry.code)
        case _:
            assert_never(entry)


def _step(step: _Step, folder: Path) -> Step:
    if step.say is not None:
        return Say(step.say)
    if step.keys is not None:
        return Keys(step.keys)
    if step.wav is not None:
        return PlayWav(folder / step.wav)
    if step.listen is not None:
        return Listen(step.listen)
    assert step.pause is not None
    return Pause(step.pause)
