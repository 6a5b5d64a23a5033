"""Reads a recording of the marker voice: which words are in it, to the sample, and which of them were cut.

[word.text for word in decode_speech(phone.recording) if word.is_whole]
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# marker.py draws the frame. A cut one ends early, and what is left of one that was cut at its head is filling.
_FRAME = re.compile(rb"\x01(?P<text>[^\x00-\x1f\xff]*)(?:\x02(?P<size>[0-9]*)\x03*\x04?)?|\x03+\x04?|\x04")


@dataclass(frozen=True, slots=True)
class HeardWord:
    """`start` and `size` in bytes of the recording, of which 8000 are a second.

    `whole_size` is what the word has when nothing is missing; None: it was cut before it said so. A piece without
    its head has no text.
    """

    text: str
    start: int
    size: int
    whole_size: int | None
    has_end: bool

    @property
    def is_whole(self) -> bool:
        return self.has_end and self.size == self.whole_size


def decode_speech(mulaw: bytes) -> list[HeardWord]:
    """In order. Sound that no marker made is passed over."""
    return [_word(match) for match in _FRAME.finditer(mulaw)]


def _word(match: re.Match[bytes]) -> HeardWord:
    text, size = match["text"] or b"", match["size"]
    # followed by filling, the number is complete
    whole_size = int(size) if size and match.end("size") < match.end() else None
    start, end = match.span()
    return HeardWord(text.decode(errors="replace"), start, end - start, whole_size, match[0].endswith(b"\x04"))
