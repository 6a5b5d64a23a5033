"""What games say in a run, and what the stand-in for Deepgram hears meanwhile, as messages."""

from __future__ import annotations

import json
import random

from .traffic import BYTES_PER_SECOND

_NAMES = ("Anna", "the baker", "my brother", "the captain", "our cook", "Peter", "the old wizard", "nobody")
_DEEDS = ("has found", "is looking for", "would like to sell", "cannot remember", "has hidden", "took")
_THINGS = ("a silver key", "the last pizza", "two small boats", "some dry bread", "a blue lamp", "the red book")
_PLACES = ("under the bridge", "behind the tower", "in the garden", "at the harbour", "near the mill", "on the roof")

CHARACTERS_A_SECOND = 14.0
"""Of eSpeak NG's at its usual speed, rather too few than too many."""
STOP_WORD = "stop"


class Texts:
    """The same in every run."""

    def __init__(self) -> None:
        self._random = random.Random(3)
        self._said = 0

    def short(self) -> str:
        """Under a second of speech, and never the same."""
        self._said += 1
        return f"Take {self._said}."

    def long(self, seconds: float) -> str:
        """Sentences for about so many seconds or more, of which others have few."""
        text = self._sentence()
        while len(text) < seconds * CHARACTERS_A_SECOND:
            text += " " + self._sentence()
        return text

    def _sentence(self) -> str:
        name, deed, thing, place = (self._random.choice(words) for words in (_NAMES, _DEEDS, _THINGS, _PLACES))
        sentence = f"{name} {deed} {thing} {place}, {self._random.randrange(2, 100)} steps from here."
        return sentence[0].upper() + sentence[1:]


def aura_audio(text: str) -> bytes:
    """What the stand-in for Aura says: pseudo-random bytes, by which they are known again."""
    return random.Random(text).randbytes(round(len(text) / CHARACTERS_A_SECOND * BYTES_PER_SECOND / 160) * 160)


def speech_started(seconds: float) -> bytes:
    return _json({"type": "SpeechStarted", "channel": [0, 1], "timestamp": round(seconds, 2)})


def stop_result(heard_until: float, *, is_final: bool) -> bytes:
    """The caller has just said one word."""
    begin, end = round(heard_until - 0.3, 2), round(heard_until - 0.06, 2)
    word = {"word": STOP_WORD, "start": begin, "end": end, "confidence": 0.97, "punctuated_word": STOP_WORD}
    alternative = {"transcript": STOP_WORD, "confidence": 0.97, "words": [word]}
    return _result(begin, heard_until, alternative, is_final=is_final, speech_final=is_final)


def silent_result(heard_until: float) -> bytes:
    """The caller has said nothing within a second, which Deepgram tells too: of what lies before a word just begun."""
    alternative = {"transcript": "", "confidence": 0.0, "words": []}
    end = heard_until - 0.5
    return _result(end - 1, end, alternative, is_final=True, speech_final=False)


def _result(begin: float, end: float, alternative: object, *, is_final: bool, speech_final: bool) -> bytes:
    return _json(
        {
            "type": "Results",
            "channel_index": [0, 1],
            "duration": round(end - begin, 2),
            "start": round(begin, 2),
            "is_final": is_final,
            "speech_final": speech_final,
            "channel": {"alternatives": [alternative]},
            "metadata": {"request_id": "none", "model_info": {"name": "general-nova-3"}},
            "from_finalize": False,
        }
    )


def _json(message: object) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()
