"""Who is at the phone: behaviours for `Answers`."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Literal, assert_never

import trio

from phonegame.audio import SAMPLE_RATE, encode_mulaw
from phonegame.local.phone import wav
from phonegame.local.phone.script import BREATH_SECONDS, Keys, Listen, Pause, PlayWav, Say, Step

if TYPE_CHECKING:
    from phonegame.local.twilio_api.handset import Handset

BEEP_HERTZ, BEEP_SECONDS = 1000, 0.5
_AMPLITUDE = 8000


async def listen(handset: Handset) -> None:
    """Says nothing, and never hangs up."""
    await handset.wait_ended()


async def hang_up_at_once(_: Handset) -> None:
    await trio.lowlevel.checkpoint()


def scripted(steps: Sequence[Step], *, stay: float | None = None) -> Callable[[Handset], Awaitable[None]]:
    """Does one thing after the other, and listens for so many seconds at the end; None: for as long as the call lasts.

    As with `phonegame call`, a breath is taken before each that is no pause. SpeakError, WavError and OSError are the
    call's.
    """

    async def behave(handset: Handset) -> None:
        breath_taken = False
        for step in steps:
            if not (breath_taken or isinstance(step, Pause | Listen)):
                await handset.pause(BREATH_SECONDS)
            await _do(handset, step)
            breath_taken = isinstance(step, Pause | Listen)
        if stay is None:
            await handset.wait_ended()
        else:
            await handset.pause(stay)

    return behave


async def _do(handset: Handset, step: Step) -> None:
    match step:
        case Say(text):
            await handset.say(text)
        case PlayWav(path):
            await handset.play(await trio.to_thread.run_sync(wav.read, path))
        case Keys(digits):
            await handset.key(digits)
        case Pause(seconds):
            await handset.pause(seconds)
        case Listen():
            await handset.listen(step.seconds)
        case _:
            assert_never(step)


async def answer_as_machine(
    handset: Handset, greeting: str, ends: Literal["beep", "silence", "other"], seconds: float
) -> None:
    await handset.say(greeting)
    if ends == "beep":
        await handset.play(beep())
    handset.greeted.set()
    await handset.pause(seconds)


def beep() -> bytes:
    """mu-law."""
    samples = (
        round(_AMPLITUDE * math.sin(2 * math.pi * BEEP_HERTZ * n / SAMPLE_RATE))
        for n in range(round(BEEP_SECONDS * SAMPLE_RATE))
    )
    return encode_mulaw(b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples))
