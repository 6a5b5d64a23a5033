"""What of a reply can be understood at the far end: the phone's recording of it, played to the speech service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import trio

from phonegame.audio import BYTES_PER_SECOND, SILENCE
from phonegame.local.demo.conversation import Reply
from phonegame.local.demo.script import TEXTS, beginnings, words_of
from phonegame.local.phone import Phone
from phonegame.local.speech.transcribe import transcribe
from phonegame.local.voice_sign import signed
from phonegame.wire.v1 import SayFinished

RECEIPT_PRECISION = 0.001
"""Seconds."""


Recognise: TypeAlias = Callable[[bytes, Sequence[str]], Awaitable[str]]
"""mu-law, and what may have been said -> the words."""


def ears_at(listen_url: str, key: str) -> Recognise:
    """The local speech service, which is told by the sign that it is eSpeak NG who speaks for the games here."""

    async def recognise(mulaw: bytes, expected: Sequence[str]) -> str:
        return await transcribe(listen_url, key, signed(mulaw), expected)

    return recognise


async def understand(phone: Phone, reply: Reply, recognise: Recognise) -> tuple[str, float]:
    """The words of a reply that has its receipt, and its delay (`Reply.delay`)."""
    assert reply.receipt is not None
    end = await _end(phone, reply)
    begin = _begin(phone, reply, end)
    delay = max(0.0, begin / BYTES_PER_SECOND - max(reply.began, _free_since(phone, begin)))
    return await recognise(phone.heard[begin:end], candidates(reply)), delay


def _begin(phone: Phone, reply: Reply, end: int) -> int:
    """As long before the end as the receipt says. What the character says is one phrase each time, with one mark, so
    that it begins behind the mark before: that of a prompt which is still spoken when the character's turn begins.
    """
    if isinstance(reply.receipt, SayFinished):
        return max(0, end - round(reply.receipt.seconds * BYTES_PER_SECOND))
    marks = [place for mark in phone.marks_back if (place := round(mark.at * BYTES_PER_SECOND)) < end]
    begin = max([round(reply.began * BYTES_PER_SECOND), *marks])
    return end - len(phone.heard[begin:end].lstrip(SILENCE))


async def _end(phone: Phone, reply: Reply) -> int:
    """Place of its end in what was heard: its last mark, or the `clear` that cut it, which comes behind the receipt."""
    if reply.interrupted:
        while not phone.clears or phone.clears[-1].at < reply.began:
            await phone.wait_cleared(len(phone.clears) + 1)
        return phone.clears[-1].place
    await trio.lowlevel.checkpoint()
    return max((round(mark.at * BYTES_PER_SECOND) for mark in phone.marks_back if not mark.cleared), default=0)


def _free_since(phone: Phone, place: int) -> float:
    """Since when nothing else was in front of what begins about at this place."""
    at = place / BYTES_PER_SECOND + RECEIPT_PRECISION
    return max((mark.at for mark in phone.marks_back if mark.at <= at), default=0.0)


def candidates(reply: Reply) -> Sequence[str]:
    """The local service understands what it is told to expect. It is not told which of the replies this is."""
    if reply.interrupted:
        return beginnings(reply.whole)
    return [" ".join(words_of(text)) for text in TEXTS]
