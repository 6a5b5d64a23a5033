"""Which code a caller says, from the words of a transcript in any form that a recogniser gives them.

To put a caller into a stranger's game is far worse than to ask again. So:

1. Numbers are read whole (phonegame/numerals.py): 42 is not in 142, "4 2 0", 4:20, 4.2, $42, 42nd or
   "forty two hundred".
2. A number that counts something is no code: "42 years", "half past 4", "not 42", "that one".
3. A code stands in a context. A side is clean where, up to the end of the sentence, nothing is said but what callers
   say around a code (`CARRIERS`), and to the right also where a comma or full stop follows. A single digit or a word,
   which every other sentence has, needs two clean sides; a longer number a clean left side, or a clean right one and
   a presenting word right before it ("my sister told me to say 42"). Behind "code" or "the code is" nothing more is
   asked.
4. Two different numbers or words that pass 1 to 3, whether a game shows them or not, decide nothing.
5. Before the utterance is settled, a code decides only if its left side is clean, and if it can no longer become
   another code of the set (4 -> 42, 14; forty -> forty two; one hundred -> 102), since another word has
   followed or no code begins like it. A single digit or a word is waited for in any case, and so is the end of an
   utterance that goes on with "or", "no", "sorry" and the like.
6. "oh seven" is 07 where that is a code, else 7. A code said twice is that code where the two stand apart ("42 42",
   "4 2, 4 2", "4. 4.") and are not a code together; "4 2 4 2" is always 4242.
7. In a settled utterance that is nothing but a number, words that sound like a digit are digits: "for two" is 42.
   If what stands there literally (2) is another active code, nothing is decided.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from phonegame.code_index import CodeIndex
from phonegame.codes import code_key, on_keys
from phonegame.mentions import Mention, mentions_in
from phonegame.utterance import may_be_homophones, pieces_of


@dataclass(frozen=True, slots=True)
class Matched:
    """An active code, as written."""

    code: str
    end: int
    """Index of the word behind the code: what follows is for the game. 0 if it was keyed."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Settled, and two different codes were said."""

    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wrong:
    """Settled, and plainly meant as a code, but no game shows it."""

    said: str
    """Digits, or the word as written in the set of codes: fit to be said back to the caller."""


@dataclass(frozen=True, slots=True)
class Growing:
    """May yet become an active code: hear the words again together with those that follow.

    Not settled: the utterance may go on. Settled: what was said begins an active code ("4" of 42), and the caller
    may have paused within it.
    """

    said: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """No code so far; if settled, none meant."""


Outcome = Matched | Ambiguous | Wrong | Growing | Nothing


@dataclass(frozen=True, slots=True)
class _Found:
    code: str
    mention: Mention


class CodeBook:
    """All codes that there are, active or not; built once (two seconds for a million), then only read."""

    def __init__(self, codes: Iterable[str]) -> None:
        self._index = CodeIndex((code_key(code), code) for code in codes)
        self.keyed = self._index.mapped(on_keys) if self._index.has_letters else self._index
        """By the keys of a telephone, for phonegame/keypad.py."""

    def hear(self, words: Sequence[str], active: Collection[str], *, settled: bool) -> Outcome:
        """What the words of an utterance so far say; the rules are at the top of this module.

        `words`: all final results of the utterance and the newest interim one, split at spaces. `active`: codes as
        written, asked with `in` only, so that it may be large. `settled`: the utterance is over; before that only
        Matched, Growing and Nothing come. Never raises, whatever the words.
        """
        pieces = pieces_of(words)
        mentions = mentions_in(pieces, self._index)
        outcome = self._decide(mentions, active, settled)
        if may_be_homophones(pieces):
            tolerant = mentions_in(pieces, self._index, homophones=True)
            if _keys(tolerant) - _keys(mentions):
                otherwise = self._decide(tolerant, active, settled)
                outcome = _weigh(outcome, otherwise, _all_said([*mentions, *tolerant]), settled)
        if isinstance(outcome, _Found):
            return Matched(outcome.code, pieces[outcome.mention.span.end - 1].word + 1)
        return outcome

    def _decide(self, mentions: list[Mention], active: Collection[str], settled: bool) -> _Decision:
        if not mentions:
            return Nothing()
        if len({mention.keys or mention.said for mention in mentions}) > 1 or len(mentions[-1].keys) > 1:
            return Ambiguous(_all_said(mentions)) if settled else Nothing()
        last = mentions[-1]
        code = next((code for key in last.keys for code in self._index.codes(key) if code in active), None)
        if settled:
            return self._decide_settled(last, code, active)
        return self._decide_early(last, code, active)

    def _decide_settled(self, mention: Mention, code: str | None, active: Collection[str]) -> _Decision:
        if code is not None:
            return _Found(code, mention)
        if mention.context.is_last and self._grows(mention, active, within_word=False):
            return Growing(mention.said)
        return Wrong(mention.said) if mention.context.clean else Nothing()

    def _decide_early(self, mention: Mention, code: str | None, active: Collection[str]) -> _Decision:
        """Rule 5."""
        context = mention.context
        over = not context.is_last or not (mention.is_weak or self._grows(mention, None, within_word=True))
        if code is not None and over and not context.is_corrected and (context.left_clean or context.introduced):
            return _Found(code, mention)
        if code is not None or (context.is_last and self._grows(mention, active, within_word=True)):
            return Growing(mention.said)
        return Nothing()

    def _grows(self, mention: Mention, active: Collection[str] | None, *, within_word: bool) -> bool:
        """Whether what was said may become another code; with `active`, an active one."""
        if not mention.readings:
            return any(self._index.any_grows(key, key, active=active) for key in mention.keys)
        return any(
            self._index.any_grows(reading.digits, root, active=active)
            for reading in mention.readings
            for root in reading.roots(within_word=within_word)
        )


_Decision = _Found | Ambiguous | Wrong | Growing | Nothing


def _weigh(literal: _Decision, tolerant: _Decision, said: tuple[str, ...], settled: bool) -> _Decision:
    """Rule 7, where the two disagree on what was said."""
    if isinstance(literal, _Found):
        # the other code is one of the set: even if it is not active, its game may have gone a moment ago
        return Ambiguous(said) if settled else Growing(literal.mention.said)
    if isinstance(tolerant, _Found):
        return tolerant if settled else Growing(tolerant.mention.said)
    return tolerant if isinstance(tolerant, Growing) else literal


def _keys(mentions: list[Mention]) -> frozenset[str]:
    return frozenset(key for mention in mentions for key in mention.keys)


def _all_said(mentions: list[Mention]) -> tuple[str, ...]:
    """In the order in which they were said, each once; all readings of one that has several."""
    each = (sorted(mention.keys) if len(mention.keys) > 1 else [mention.said] for mention in mentions)
    return tuple(dict.fromkeys(said for several in each for said in several))
