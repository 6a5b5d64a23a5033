"""Cuts a text into pieces that can be spoken one after the other, so that the first sound comes early."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 300
"""Characters: about 20 s of speech. A sentence that has more is cut at a comma, or else between words."""

# a blank line; the end of a sentence with what closes behind it; and so in scripts that put no blank there
_SENTENCE_END = re.compile(r"""\n[ \t]*\n|(?<![.!?…])[.!?…]+["'”’)\]]*\s+|[。！？]+[」』）]*""")
# "Dr. Smith", "J. R. R. Tolkien", "e.g. this": cut there, the voice would rest in the middle
_ABBREVIATION = re.compile(r"(?:^|[\s(])(?:Mr|Mrs|Ms|Dr|Prof|St|vs|e\.g|i\.e|[A-Z])$")
_LONGEST_ABBREVIATION = 4
_CLAUSE_END = re.compile(r"[,;:]\s|\s[-–—]\s|[、，；：]")


def sentences(text: str) -> list[str]:
    """The sentences of the text in order, none empty and none over `LONGEST`. Nothing is lost but blanks."""
    return [piece for sentence in _split(text) for piece in _cut(sentence.strip()) if piece]


def is_abbreviation(before: str) -> bool:
    """Whether a full stop behind this belongs to an abbreviation, and ends no sentence."""
    return _ABBREVIATION.search(before) is not None


def _split(text: str) -> Iterator[str]:
    begin = 0
    for match in _SENTENCE_END.finditer(text):
        before = text[max(begin, match.start() - _LONGEST_ABBREVIATION - 2) : match.start()]
        if not (match[0].startswith(".") and is_abbreviation(before)):
            yield text[begin : match.end()]
            begin = match.end()
    yield text[begin:]


def _cut(sentence: str) -> Iterator[str]:
    while len(sentence) > LONGEST:
        at = _place_to_cut(sentence[: LONGEST + 1])
        yield sentence[:at].rstrip()
        sentence = sentence[at:].lstrip()
    yield sentence


def _place_to_cut(sentence: str) -> int:
    """Of one with a character too many: behind the last comma if that is not early, or the last blank, or its end."""
    commas = [match.end() for match in _CLAUSE_END.finditer(sentence, LONGEST // 3)]
    blank = next((at for at in range(LONGEST, 0, -1) if sentence[at].isspace()), LONGEST)
    return min(commas[-1], LONGEST) if commas else blank
