"""Cuts a text into pieces that can be spoken one after the other, so that the first sound comes early."""

from __future__ import annotations

import re

LONGEST = 300
"""Characters: about 20 s of speech. A sentence that has more is cut between words."""

_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])[\"')\]]*\s+")


def sentences(text: str) -> list[str]:
    """The sentences of the text in order, none empty and none over `LONGEST`."""
    return [piece for sentence in _SENTENCE_END.split(text) for piece in _cut(sentence.strip())]


def _cut(sentence: str) -> list[str]:
    pieces = []
    while len(sentence) > LONGEST:
        at = sentence.rfind(" ", 1, LONGEST + 1)
        at = at if at > 0 else LONGEST
        pieces.append(sentence[:at].rstrip())
        sentence = sentence[at:].lstrip()
    return [*pieces, sentence] if sentence else pieces
