"""What a call is to go like: a list of things to say, play, key and wait for, one after the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, assert_never

import trio

from phonegame.audio import BYTES_PER_SECOND
from phonegame.local.phone import wav
from phonegame.local.phone.errors import HungUpError
from phonegame.local.phone.phone import Phone
from phonegame.speak.espeak import ESpeakVoice

NORMAL_CLOSE = 1000
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
    is_listening: bool = False


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
            label = f"listens until {seconds:g} s of silence"
            return Ready(label, True, lambda phone: phone.listen(seconds), is_listening=True)
        case _:
            assert_never(step)


def _ready_to_play(label: str, mulaw: bytes) -> Ready:
    return Ready(f"{label} ({len(mulaw) / BYTES_PER_SECOND:.1f} s)", False, lambda phone: phone.play(mulaw))


async def perform(phone: Phone, script: Sequence[Ready], announce: Callable[[str], None]) -> None:
    """Raises HungUpError. Whoever has only to listen any more may be hung up on, once something was said."""
    breath_taken = False
    for at, item in enumerate(script):
        if not (breath_taken or item.is_pause):
            await phone.pause(BREATH_SECONDS)
        announce(item.label)
        if all(each.is_listening for each in script[at:]):
            with until_hung_up(phone):
                await item.perform(phone)
        else:
            await item.perform(phone)
        breath_taken = item.is_pause


@contextmanager
def until_hung_up(phone: Phone) -> Generator[None]:
    """The other side may end the call in the block: in good order, and not without a word."""
    try:
        yield
    except HungUpError as hung_up:
        if hung_up.code != NORMAL_CLOSE or not phone.sound_seconds:
            raise
