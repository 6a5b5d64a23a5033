"""Whenever the game changes what it expects to hear: the words delivered are the words spoken, each once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
import trio
from hypothesis import example, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from phonegame.audio import BYTES_PER_MS, FRAME_BYTES
from phonegame.listen import listener as listener_module
from phonegame.listen import pace
from phonegame.listen.session import open_session
from phonegame.local.speech.intake import Limits
from phonegame.local.speech.marker import encode_silence, encode_word
from phonegame.local.speech.record import ConnectionRecord
from phonegame.local.speech.service import SpeechConfig, SpeechService, serve_speech
from tests.listen.fake_deepgram import listening, make_listener
from tests.listen.marker_deepgram import Habits, MarkerDeepgram, ToConfigure

QUERY = "model=nova-3&encoding=mulaw&sample_rate=8000&interim_results=true&endpointing=300&keyterm=always"
CONFIGURABLE, REGIONAL = f"wss://api.deepgram.com/v1/listen?{QUERY}", f"wss://api.eu.deepgram.com/v1/listen?{QUERY}"
FRAME_SECONDS = FRAME_BYTES / BYTES_PER_MS / 1000

Word = tuple[int, int]
"""Milliseconds that it takes, and of silence behind it."""


def audio_of(words: Sequence[Word]) -> bytes:
    spoken = (encode_word(f"word{number}", ms) + encode_silence(pause) for number, (ms, pause) in enumerate(words))
    return encode_silence(500) + b"".join(spoken) + encode_silence(1000)


async def hold_call(deepgram: MarkerDeepgram, url: str, audio: bytes, wishes: dict[int, list[str]]) -> list[str]:
    """Gives the words delivered. A wish comes with the frame of its number."""
    listener = make_listener(url=url)
    async with listening(listener) as heard:
        for number, at in enumerate(range(0, len(audio), FRAME_BYTES)):
            if number in wishes:
                listener.expect_nowait(wishes[number])
            listener.hear_nowait(audio[at : at + FRAME_BYTES])
            await trio.sleep(FRAME_SECONDS)
        # a session may be about to be left still
        await trio.sleep(20)
        deepgram.habits.takes_leave = True
    assert not [each.raw for each in heard if "Configure" in each.raw]
    assert [each.raw for each in heard if '"Metadata"' in each.raw] == [heard[-1].raw]
    finals = [each.results for each in heard if each.results is not None and not each.is_interim]
    return [word.word for results in finals for word in results.best.words]


words = st.lists(
    st.tuples(st.sampled_from([100, 200, 300, 600, 900]), st.sampled_from([0, 20, 100, 400, 1500])),
    min_size=1,
    max_size=20,
)
wishes = st.dictionaries(
    st.integers(0, 600), st.lists(st.sampled_from(["zorg", "Ümläut", "a b"])), min_size=1, max_size=6
)
habits = st.builds(
    Habits,
    to_configure=st.sampled_from(ToConfigure),
    opens_in=st.sampled_from([0.0, 0.05, 0.3, 1.0]),
    answers_in=st.sampled_from([0.0, 0.1, 0.5, 1.6]),
    takes_leave=st.sampled_from([True, True, True, False]),
)


@settings(max_examples=30, deadline=None)
@given(words, wishes, habits, st.sampled_from([CONFIGURABLE, REGIONAL]), st.sampled_from([0.0, 0.3, 5.0]))
@example([(600, 20)] * 20, {70: ["zorg"]}, Habits(), REGIONAL, 0.3)
@example([(900, 0)] * 10, {40: ["zorg"], 200: []}, Habits(answers_in=0.5), REGIONAL, 0.0)
def test_no_word_is_lost_and_none_comes_twice(
    words: list[Word], wishes: dict[int, list[str]], habits: Habits, url: str, quiet_seconds: float
) -> None:
    deepgram = MarkerDeepgram(replace(habits))
    with (
        patch.object(listener_module, "open_session", deepgram.open_session),
        patch.object(listener_module, "QUIET_SECONDS", quiet_seconds),
    ):
        delivered = trio.run(hold_call, deepgram, url, audio_of(words), wishes, clock=MockClock(autojump_threshold=0))
    assert delivered == [f"word{number}" for number in range(len(words))]
    frames = len(audio_of(words)) / FRAME_BYTES
    made = [wishes[number] for number in sorted(wishes) if number < frames]
    expected = dict.fromkeys(["always", *(made[-1] if made else [])])
    assert list(deepgram.sessions[-1].keyterms) == list(expected)


@pytest.mark.parametrize("url", [CONFIGURABLE, REGIONAL], ids=["configured", "with other sessions"])
async def test_over_real_sockets_too(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At ten times the pace of a call. The host of the URL is the stand-in's."""
    words = [f"word{number}" for number in range(9)]
    audio = audio_of([(400, 100 if number % 3 else 400) for number in range(len(words))])
    config = SpeechConfig(recogniser="marker", limits=Limits(max_speed=1000))
    monkeypatch.setattr(pace, "CATCH_UP_RATE", 100)
    async with trio.open_nursery() as nursery:
        service: SpeechService = await nursery.start(serve_speech, config)
        here = f"{service.url}?{urlsplit(url).query}"
        monkeypatch.setattr(
            listener_module, "open_session", lambda asked, key: open_session(asked.replace(url, here), key)
        )
        listener = make_listener(url=url)
        async with listening(listener) as heard:
            await service.connection(0)
            for number, at in enumerate(range(0, len(audio), FRAME_BYTES)):
                if number in (60, 140):
                    listener.expect_nowait(["zörg", f"at {number}"])
                listener.hear_nowait(audio[at : at + FRAME_BYTES])
                await trio.sleep(FRAME_SECONDS / 10)
        nursery.cancel_scope.cancel()
    finals = [each.results for each in heard if each.results is not None and not each.is_interim]
    assert [word.word for results in finals for word in results.best.words] == words
    assert (len(service.connections) == 1) is (url == CONFIGURABLE)
    assert keyterms_of(service.connections[-1]) == ["always", "zörg", "at 140"]


def keyterms_of(record: ConnectionRecord) -> object:
    """Those of the last `Configure`, or of the URL."""
    configured = [each.message["keyterms"] for each in record.controls if each.message["type"] == "Configure"]
    assert record.options is not None
    return configured[-1] if configured else list(record.options.keyterms)
