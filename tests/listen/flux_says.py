"""Flux's messages, as short as a test needs them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.listen.deepgram_says import Spoken, spoken

CONNECTED = json.dumps({"type": "Connected", "request_id": "r", "sequence_id": 0})


def turn(
    event: str,
    words: Sequence[Spoken] | str = (),
    window: tuple[float, float] | None = None,
    *,
    index: int = 0,
    times: bool = True,
    **more: Any,
) -> str:
    """`window` None: from 0 to the end of the last word."""
    if isinstance(words, str):
        words = spoken(words, window[0] if window else 0.0)
    start, end = window or (0.0, words[-1][2] if words else 0.25)
    items = [
        {"word": word, "confidence": 0.9, **({"start": begin, "end": stop} if times else {})}
        for word, begin, stop in words
    ]
    return json.dumps(
        {
            "type": "TurnInfo",
            "request_id": "r",
            "sequence_id": 1,
            "event": event,
            "turn_index": index,
            "audio_window_start": start,
            "audio_window_end": end,
            "transcript": " ".join(word for word, _, _ in words),
            "words": items,
            "end_of_turn_confidence": 0.5,
            **more,
        }
    )
