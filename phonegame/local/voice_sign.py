"""A sign in the silence around what eSpeak NG says at a local phone: the local recogniser then knows whose voice it is.

pocketsphinx's model has to be adapted to who speaks (speech/sphinx/ear.py), and at one phone people speak and typed
text is spoken. Mu-law has two zeros. A sender writes one of them; the sign is both in turn, which nobody hears.
"""

from __future__ import annotations

import re

from phonegame.audio import FRAME_BYTES

_PAIR = b"\xff\x7f"
_SIGN = _PAIR * (FRAME_BYTES // 2)
_LEAST = _PAIR * (FRAME_BYTES // 4)
"""Of a sign that was cut where a frame ends."""
_PAUSE = re.compile(rb"[\xff\x7f]{%d,}" % FRAME_BYTES)


def signed(mulaw: bytes) -> bytes:
    """With the sign before it, 20 ms, and in its pauses: what follows a pause is another utterance."""
    return _SIGN + _PAUSE.sub(lambda pause: (_PAIR * len(pause[0]))[: len(pause[0])], mulaw)


def is_signed(utterance: bytes | bytearray) -> bool:
    """Of mu-law, with some of the silence before it."""
    return _LEAST in utterance
