"""What a call is to go like: a list of things to say, play, key and wait for, one after the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, assert_never

import trio

from phonegame.audio import BYTES_PER_SECOND
from phonegame.local.phone import wav
from phonegame.local.phone.phone import Phone
from phonegame.speak.espeak import ESpeakVoice

BREATH_SECONDS = 0.6
"""Before the first item, and from one to the next, where no pause was asked for."""


@dataclass(frozen=True, slots=True)
class Say:
    text: str


@dataclass(frozen=True, slots=True)
class PlayWav:
    path: Path


@dataclass(frozen=True, slots=True)
class Keys:
    digits: str


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: float


@dataclass(frozen=True, slots=True)
class Listen:
    """Until the other side has said something, and then nothing for so long."""

    seconds: float


Step: TypeAlias = Say | PlayWav | Keys | Pause | Listen


@dataclass(frozen=True, slots=True)
class Ready:
    """A step with all that could fail before the call done: sound synthesised, file read."""

    label: str
    is_pause: bool
    perform: Callable[[Phone], Awaitable[None]]


async def prepare(steps: Sequence[Step], make_voice: Callable[[], ESpeakVoice]) -> list[Ready]:
    """Raises SpeakError, WavError, OSError. `make_voice` is called only where something is said."""
    return [await _prepare_one(step, make_voice) for step in steps]


async def _prepare_one(step: Step, make_voice: Callable[[], ESpeakVoice]) -> Ready:
    match step:
        case Say(text):
            return _ready_to_play(f'says "{text}"', await make_voice().synthesise(text))
        case PlayWav(path):
            return _ready_to_play(f"plays {path}", await trio.to_thread.run_sync(wav.read, path))
        case Keys(digits):
            return Ready(f"keys {' '.join(digits)}", False, lambda phone: phone.key(digits))
        case Pause(seconds):
            return Ready(f"listens for {seconds:g} s", True, lambda phone: phone.pause(seconds))
        case Listen(seconds):
            return Ready(f"listens until {seconds:g} s of silence", True, lambda phone: phone.listen(seconds))
        case _:
            assert_never(step)


def _ready_to_play(label: str, mulaw: bytes) -> Ready:
    return Ready(f"{label} ({len(mulaw) / BYTES_PER_SECOND:.1f} s)", False, lambda phone: phone.play(mulaw))


async def perform(phone: Phone, script: Sequence[Ready], announce: Callable[[str], None]) -> None:
    """Raises HungUpError."""
    breath_taken = False
    for item in script:
        if not (breath_taken or item.is_pause):
            await phone.pause(BREATH_SECONDS)
        announce(item.label)
        await item.perform(phone)
        breath_taken = item.is_pause
