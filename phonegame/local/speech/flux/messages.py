"""The JSON that Deepgram sends on `/v2/listen`. Written apart from the server's own parser, as that of `/v1/listen`."""

from __future__ import annotations

from collections.abc import Sequence

from phonegame.local.speech.flux.turns import Turn
from phonegame.local.speech.messages import JSON, Word, seconds


def turn_info(turn: Turn, words: Sequence[Word], *, times: bool) -> JSON:
    message: JSON = {
        "type": "TurnInfo",
        "event": turn.event,
        "turn_index": turn.index,
        "audio_window_start": seconds(turn.start),
        "audio_window_end": seconds(turn.at),
        "transcript": " ".join(word.text for word in words),
        "words": [_word(word, times) for word in words],
        "end_of_turn_confidence": round(turn.confidence, 4),
    }
    return message if turn.trigger is None else {**message, "trigger": turn.trigger}


def _word(word: Word, times: bool) -> JSON:
    item: JSON = {"word": word.text, "confidence": round(word.confidence, 4)}
    return {**item, "start": seconds(word.start), "end": seconds(word.end)} if times else item
