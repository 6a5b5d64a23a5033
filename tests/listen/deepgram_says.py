"""Deepgram's messages, as short as a test needs them."""

from __future__ import annotations

import json
from collections.abc import Sequence

Spoken = tuple[str, float, float]
"""A word, its beginning and its end in seconds."""


def spoken(text: str, start: float = 0.0) -> list[Spoken]:
    """The words of `text`, half a second each."""
    return [(word, start + index / 2, start + index / 2 + 0.5) for index, word in enumerate(text.split())]


def results(words: Sequence[Spoken] | str, start: float = 0.0, end: float | None = None, *, final: bool = False) -> str:
    """Results for what was said from `start` to `end` (by default: to the end of the last word)."""
    if isinstance(words, str):
        words = spoken(words, start)
    if end is None:
        end = words[-1][2] if words else start + 1
    alternative = {
        "transcript": " ".join(word for word, _, _ in words),
        "confidence": 0.9,
        "words": [{"word": word, "start": begin, "end": stop, "confidence": 0.9} for word, begin, stop in words],
    }
    return json.dumps(
        {
            "type": "Results",
            "channel_index": [0, 1],
            "start": start,
            "duration": round(end - start, 6),
            "is_final": final,
            "speech_final": final,
            "channel": {"alternatives": [alternative]},
        }
    )
