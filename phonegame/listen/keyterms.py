"""Keyterms, the words that Deepgram is told to expect, and what the URL of a session allows with them. No I/O in here.

Source: Deepgram's documentation, "Keyterm Prompting", "Configure", "Regional Endpoints".
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from urllib.parse import parse_qsl, quote, urlsplit

from phonegame.deepgram.flux import LONGEST_KEYTERM, MOST_KEYTERMS, is_flux

MOST_TOKENS = 500
"""Over all keyterms. A `Configure` with more was answered by nothing at all for a while, and then by a close."""
LETTERS_PER_TOKEN = 2
"""Common English words are one token, but names that a game makes up fall into pieces of two or three letters."""

GLOBAL_HOST = "api.deepgram.com"
"""Of Deepgram's own hosts the only one that takes `Configure` with keyterms, except from Flux."""
DEFAULT_MODEL = "base"
_WITHOUT_KEYTERMS = re.compile(r"(nova-2|enhanced|base|whisper)(-.*)?|nova(-[a-z]+)?")


def clean(words: Iterable[str]) -> tuple[str, ...]:
    """Each once, on one line, and none that is empty: one empty keyterm may have the whole session refused."""
    lines = (" ".join(word.split()) for word in words)
    # JSON may hold halves of characters, which cannot be sent
    return tuple(dict.fromkeys(line.encode(errors="replace").decode() for line in lines if line))


def estimated_tokens(keyterms: Iterable[str]) -> int:
    """Rather too many than too few: with what Deepgram counts is not documented."""
    return sum(_word_tokens(word) for keyterm in keyterms for word in keyterm.split())


def _word_tokens(word: str) -> int:
    letters = sum(character.isascii() and character.isalpha() for character in word)
    # no tokenizer makes more tokens than there are bytes
    others = len(word.encode()) - letters
    return -(-letters // LETTERS_PER_TOKEN) + others


class KeytermUrl:
    """A session's URL as the operator has set it, and what it becomes with a game's words."""

    def __init__(self, url: str) -> None:
        self._url = url
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True)
        model = next((value for name, value in query if name == "model"), DEFAULT_MODEL)
        host = parts.hostname or ""
        self.own = clean(value for name, value in query if name == "keyterm")
        """The keyterms that are in the URL already."""
        self.takes_keyterms = _WITHOUT_KEYTERMS.fullmatch(model) is None
        self.is_flux = is_flux(url)
        self.takes_configure = self.is_flux or (
            self.takes_keyterms and (host == GLOBAL_HOST or not host.endswith(".deepgram.com"))
        )
        """As far as the URL tells: whether a session that is open takes other keyterms."""

    def besides_own(self, words: Iterable[str]) -> tuple[str, ...]:
        return tuple(term for term in clean(words) if term not in self.own)

    def excess(self, words: Sequence[str]) -> str | None:
        """What is too much in these words, on top of the URL's own, and the limit; None: they will do."""
        tokens = estimated_tokens((*self.own, *words))
        if tokens > MOST_TOKENS:
            return f"about {tokens} tokens with the keyterms in DEEPGRAM_URL, and Deepgram takes {MOST_TOKENS}"
        if self.is_flux and (number := len(self.own) + len(words)) > MOST_KEYTERMS:
            return f"{number} words with the keyterms in DEEPGRAM_URL, and Deepgram's Flux takes {MOST_KEYTERMS}"
        if self.is_flux and any(len(word) > LONGEST_KEYTERM for word in words):
            return f"one has more than the {LONGEST_KEYTERM} characters that Deepgram's Flux takes"
        return None

    def fitting(self, words: Sequence[str], more: Sequence[str]) -> Sequence[str]:
        """`words`, and of `more` as many as can be had with them, from the first one on."""
        numbers = range(1, len(more) + 1)
        return [*words, *more[: bisect_left(numbers, True, key=lambda n: self.excess([*words, *more[:n]]) is not None)]]

    def with_keyterms(self, keyterms: Sequence[str]) -> str:
        """The URL as it stands, and the keyterms behind it."""
        if not keyterms:
            return self._url
        parts = urlsplit(self._url)
        pairs = [f"keyterm={quote(keyterm, safe='')}" for keyterm in keyterms]
        return parts._replace(query="&".join([*filter(None, [parts.query]), *pairs])).geturl()
