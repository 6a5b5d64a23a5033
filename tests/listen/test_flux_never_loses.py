"""However often Flux is dropped or left, and whatever it leaves out, the words delivered are the words spoken.

What Flux says is the stand-in's: `phonegame.local.speech.flux`, which hears each word once all of it has been said.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from phonegame.listen.api_flux import ApiFlux
from phonegame.listen.heard import Heard
from phonegame.listen.transcript import Transcript
from phonegame.local.speech.flux.api import ApiFlux as FluxStandIn
from phonegame.local.speech.flux.query import FluxOptions, parse_query
from phonegame.local.speech.flux.turns import Turns
from phonegame.local.speech.heard import Final, Interim, SpeechBegan
from phonegame.local.speech.heard import Heard as Recognised
from phonegame.local.speech.messages import JSON, Word
from tests.listen.deepgram_says import Spoken
from tests.listen.test_transcript_never_loses import KEPT_SECONDS, STEP, speech

QUERY = "model=flux-general-en&encoding=mulaw&sample_rate=8000&eot_threshold=0.7&eager_eot_threshold=0.5"
PAUSE = 0.2


class FluxHears:
    """One session, whose own times count from `begin`. Time is the call's."""

    def __init__(self, spoken: list[Spoken], begin: float, *, loses_ends: float, random: Random, timed: bool) -> None:
        options = parse_query(QUERY)
        assert isinstance(options, FluxOptions)
        self._api = FluxStandIn(options, "r", Turns(options.thresholds), verbatim=True, word_times=timed)
        self._coming = [word for word in spoken if word[1] >= begin - 1e-9]
        self._begin = begin
        self._said: list[Word] = []
        self._speaks = False
        self._loses_ends, self._random = loses_ends, random

    def hear(self, until: float) -> Iterator[str]:
        yield from self._told(self._api.advance(list(self._recognise(until)), round(until - self._begin, 4)))

    def close(self, until: float) -> Iterator[str]:
        yield from self._told(self._api.close(list(self._recognise(until)), round(until - self._begin, 4), ""))

    def _recognise(self, until: float) -> Iterator[Recognised]:
        while self._coming:
            text, start, end = self._coming[0]
            quiet_from = self._said[-1].end + self._begin if self._said else start
            if self._speaks and self._said and quiet_from + PAUSE <= min(until, start):
                yield self._pause(quiet_from + PAUSE)
            if start <= until and not self._speaks:
                self._speaks = True
                yield SpeechBegan(start - self._begin, start - self._begin)
            if end > until:
                return
            self._coming.pop(0)
            self._said.append(Word(text, start - self._begin, end - self._begin))
            yield Interim(end - self._begin, tuple(self._said))
        if self._said and self._said[-1].end + self._begin + PAUSE <= until:
            yield self._pause(self._said[-1].end + self._begin + PAUSE)

    def _pause(self, at: float) -> Final:
        words, self._said, self._speaks = tuple(self._said), [], False
        return Final(at - self._begin, words, at - self._begin, speech_final=True)

    def _told(self, messages: list[JSON]) -> Iterator[str]:
        for message in messages:
            if message.get("event") != "EndOfTurn" or self._random.random() >= self._loses_ends:
                yield json.dumps(message)


def words_of(heard: Heard | None) -> list[str]:
    if heard is None or heard.results is None or heard.is_interim:
        return []
    return heard.results.best.transcript.split()


def call(
    spoken: list[Spoken], loses_ends: float, drops: float, leaves: float, random: Random, *, timed: bool = True
) -> list[str]:
    """What a call delivers that is served as `listen.listener` serves it."""
    transcript = Transcript(ApiFlux("ws://deepgram/v2/listen", stall_seconds=15), 1.0)
    transcript.begin_session(0.0)
    flux = FluxHears(spoken, 0.0, loses_ends=loses_ends, random=random, timed=timed)
    delivered: list[str] = []
    for tick in range(round((spoken[-1][2] + 2) / STEP)):
        now = round(tick * STEP, 4)
        is_left = random.random() < leaves
        if is_left:
            transcript.leave_session(now)
        for message in flux.close(now) if is_left else flux.hear(now):
            delivered += [word for heard in transcript.receive(message, now) for word in words_of(heard)]
        if is_left or random.random() < drops:
            begin, promoted = transcript.lose_session(max(transcript.covered, now - KEPT_SECONDS))
            delivered += words_of(promoted)
            transcript.begin_session(begin)
            flux = FluxHears(spoken, round(begin, 4), loses_ends=loses_ends, random=random, timed=timed)
    return delivered + words_of(transcript.end())


@given(
    speech(),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.sampled_from([0, 0.02, 0.1]),
    st.sampled_from([0, 0.02, 0.1]),
    st.randoms(use_true_random=True),
)
@example([("one", 0.5, 1.0), ("two", 1.5, 2.0)], 0, 0, 0, Random(0))
def test_every_word_is_delivered_once_and_in_order(
    spoken: list[Spoken], loses_ends: float, drops: float, leaves: float, random: Random
) -> None:
    assert call(spoken, loses_ends, drops, leaves, random) == [word for word, _, _ in spoken]


@given(
    speech().filter(lambda spoken: spoken[-1][2] < KEPT_SECONDS - 1),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.sampled_from([0, 0.02, 0.1]),
    st.randoms(use_true_random=True),
)
def test_without_word_times_as_long_as_all_of_a_turn_can_be_heard_again(
    spoken: list[Spoken], loses_ends: float, drops: float, random: Random
) -> None:
    assert call(spoken, loses_ends, drops, 0, random, timed=False) == [word for word, _, _ in spoken]
