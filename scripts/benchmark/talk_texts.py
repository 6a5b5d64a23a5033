"""What callers ask a character in a run, and what it answers: no two answers sound alike.

Each sentence ends in a full stop, and has no comma: it is one phrase, one saying, one mark.
"""

from __future__ import annotations

import json
import random
import re

from .spoken_texts import STOP_WORD, Texts

HOUSE_COUNT = 6
STORY_COUNT = 2
LONG_SECONDS = 5.0
GREETING = "Hello there."
WHO = (
    "You are the keeper of a small town at the sea in which every house has a number and a story. You know all who "
    "live there, what they own, what they have lost, and where they are at this hour. You tell one thing at a time."
)
_HOUSE = re.compile(r"(house|story) (\d+)")
_COLOURS = ("red", "blue", "green", "white", "yellow", "grey", "brown", "black")


def _answers() -> dict[str, str]:
    texts, numbers = Texts(), random.Random(7)
    short = {
        f"house {at}": f"House {at} is {_COLOURS[at]}. It has {numbers.randrange(2, 90)} windows."
        for at in range(HOUSE_COUNT)
    }
    long = {f"story {at}": texts.long(LONG_SECONDS).replace(",", "") for at in range(STORY_COUNT)}
    return short | long


ANSWERS = _answers()
"""By what they are asked for with."""
STORIES = frozenset(text for about, text in ANSWERS.items() if about.startswith("story"))
"""Which are spoken over."""


def question(caller: int, turn: int, about: str, *, interrupts: bool) -> str:
    """Never the same."""
    return f"{f'{STOP_WORD}. ' if interrupts else ''}This is caller {caller} and question {turn} tell me about {about}."


def answer_to(said: str) -> str:
    """Raises `KeyError` where nothing was asked."""
    found = _HOUSE.search(said)
    return ANSWERS[found[0]] if found else ANSWERS[said]


def script() -> str:
    """The same conversation for the script brain."""
    rules = ",\n  ".join(f'{{ hear = "{about}", say = "{text}" }}' for about, text in ANSWERS.items())
    return f'else = ["I have not understood."]\n[states.talk]\nlisten = [\n  {rules},\n]\n'


def result(text: str, begin: float, end: float, *, is_final: bool) -> bytes:
    """The caller has said that, between two times in the audio of the call."""
    words = text.split()
    seconds = (end - begin) / len(words)
    timed = [
        {
            "word": word.strip(".").lower(),
            "start": round(begin + at * seconds, 2),
            "end": round(begin + (at + 1) * seconds, 2),
            "confidence": 0.98,
            "punctuated_word": word,
        }
        for at, word in enumerate(words)
    ]
    message = {
        "type": "Results",
        "channel_index": [0, 1],
        "duration": round(end - begin, 2),
        "start": round(begin, 2),
        "is_final": is_final,
        "speech_final": is_final,
        "channel": {"alternatives": [{"transcript": text, "confidence": 0.98, "words": timed}]},
        "metadata": {"request_id": "none", "model_info": {"name": "general-nova-3"}},
        "from_finalize": False,
    }
    return json.dumps(message, separators=(",", ":")).encode()
