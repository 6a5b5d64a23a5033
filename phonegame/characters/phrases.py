"""Cuts a text that is still being written into phrases, each of which can be spoken as soon as it is there.

The first one ends at a clause already: the caller waits for it. The others end where sentences do, or where they get
long. However the text comes in pieces, the phrases are the same.
"""

from __future__ import annotations

import re

from phonegame.characters.markup import Markup
from phonegame.speak.sentences import is_abbreviation

SHORTEST_FIRST = 10
"""Characters of a clause that is worth being spoken alone: half a second. "Well," is not."""
LONG = 120
"""Characters from which a phrase ends at a clause: eight seconds."""
LONGEST = 240
"""And of a phrase that has no clauses: it ends between words, or anywhere."""

_SENTENCE_END = re.compile(r"""[.!?…]["'”’)\]]*$|[。！？][」』）]*$""")
_UNSPACED_END = re.compile(r"[。！？]$")
_CLAUSE_END = re.compile(r"[,;:、，；：]$|\s[-–—]$")
_LIST_NUMBER = re.compile(r"\d{1,3}\.$")
_NO_BLANK = re.compile(r"[。！？、，；：」』）]$")


class Phrases:
    """`feed` gives the phrases that are complete, `finish` the last one."""

    def __init__(self) -> None:
        self._markup = Markup()
        self._phrase = ""
        self._clause_end = 0
        """Where the last clause of the phrase ends; 0 where it has but one."""
        self._is_first = True

    def feed(self, text: str) -> list[str]:
        return self._take_all(self._markup.feed(text))

    def finish(self) -> list[str]:
        phrases = self._take_all(self._markup.finish())
        return [*phrases, *self._end(len(self._phrase))]

    def _take_all(self, text: str) -> list[str]:
        return [phrase for sign in text for phrase in self._take(sign)]

    def _take(self, sign: str) -> list[str]:
        if sign.isspace():
            return self._take_blank(sign)
        self._phrase += sign
        if _UNSPACED_END.search(self._phrase):
            return self._end(len(self._phrase))
        return self._cut() if len(self._phrase) > LONGEST else []

    def _take_blank(self, sign: str) -> list[str]:
        if not self._phrase.strip():
            return []
        if sign == "\n" or self._ends_sentence():
            return self._end(len(self._phrase))
        if not self._phrase.endswith(" "):
            if _CLAUSE_END.search(self._phrase):
                self._clause_end = len(self._phrase)
                if len(self._phrase) >= (SHORTEST_FIRST if self._is_first else LONG):
                    return self._end(self._clause_end)
            self._phrase += " "
        return []

    def _ends_sentence(self) -> bool:
        phrase = self._phrase
        if not _SENTENCE_END.search(phrase) or _LIST_NUMBER.fullmatch(phrase.strip()):
            return False
        return not (phrase.endswith(".") and is_abbreviation(phrase[:-1]))

    def _cut(self) -> list[str]:
        """One that has grown too long."""
        at = self._clause_end or self._phrase.rfind(" ", 0, LONGEST + 1)
        return self._end(at if at > 0 else LONGEST)

    def _end(self, at: int) -> list[str]:
        phrase, self._phrase = self._phrase[:at].strip(), self._phrase[at:].lstrip()
        self._clause_end = 0
        if not any(sign.isalnum() for sign in phrase):
            # nothing that could be said
            return []
        self._is_first = False
        return [phrase]


def joined(phrases: list[str]) -> str:
    """As one text; a script that has no blanks gets none."""
    text = ""
    for phrase in filter(None, phrases):
        text += phrase if not text or _NO_BLANK.search(text) else f" {phrase}"
    return text
