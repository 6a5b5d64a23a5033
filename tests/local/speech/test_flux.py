"""`/v2/listen` of the speech service, on memory streams and a mock clock."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import trio
from trio.testing import MockClock
from trio_websocket import ConnectionClosed

from phonegame.local.speech import Plan, Say, Script, SpeechConfig, encode_silence, encode_speech
from phonegame.local.speech.flux.query import FluxOptions, parse_query
from phonegame.local.speech.refusals import Refusal
from tests.local.speech.client import Client, in_memory, of_type

MARKER = SpeechConfig(recogniser="marker")
FLUX = "model=flux-general-en&encoding=mulaw&sample_rate=8000"
EAGER = f"{FLUX}&eager_eot_threshold=0.5"


def planned(**plan: Any) -> SpeechConfig:
    return replace(MARKER, script=Script([Plan(**plan)]))


def said(sentence: str, *, pause_ms: int = 600) -> bytes:
    return encode_speech(sentence, word_ms=100, pause_ms=pause_ms)


def turns(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Without Updates."""
    infos = of_type(messages, "TurnInfo")
    return [(info["event"], info["transcript"]) for info in infos if info["event"] != "Update"]


def flux(config: SpeechConfig = MARKER, query: str = FLUX) -> Any:
    return in_memory(config, query, path="/v2/listen")


async def speak(client: Client, audio: bytes) -> list[dict[str, Any]]:
    await client.send_audio(audio, chunk=640)
    await client.send(type="CloseStream")
    return await client.rest()


async def test_a_turn(autojump_clock: MockClock) -> None:
    async with flux() as (service, client):
        messages = await speak(client, said("one pizza") + said("please"))
        record = service.connections[0]
    assert messages[0]["type"] == "Connected"
    assert turns(messages) == [
        ("StartOfTurn", "one"),
        ("EndOfTurn", "one pizza"),
        ("StartOfTurn", "please"),
        ("EndOfTurn", "please"),
    ]
    ends = [message for message in messages if message.get("event") == "EndOfTurn"]
    assert [end["turn_index"] for end in ends] == [0, 1]
    assert {end["trigger"] for end in ends} == {"model"}
    assert all(end["end_of_turn_confidence"] == pytest.approx(0.7, abs=0.01) for end in ends)
    assert ends[1]["audio_window_start"] == ends[0]["audio_window_end"]
    assert [message["sequence_id"] for message in messages] == list(range(len(messages)))
    assert record.transcripts == ["one pizza", "please"]
    assert record.closed is not None
    assert record.closed.code == 1000


async def test_updates_come_in_silence_and_in_speech(autojump_clock: MockClock) -> None:
    async with flux() as (_, client):
        messages = await speak(client, encode_silence(1000) + said("one two three four five six"))
    updates = [message for message in messages if message.get("event") == "Update"]
    assert [update["audio_window_end"] for update in updates[:4]] == [0.25, 0.5, 0.75, 1.0]
    assert updates[0]["transcript"] == ""
    assert "one two three" in [update["transcript"] for update in updates]


async def test_eager_and_resumed(autojump_clock: MockClock) -> None:
    async with flux(query=EAGER) as (_, client):
        messages = await speak(client, said("one", pause_ms=210) + said("two"))
    assert turns(messages) == [
        ("StartOfTurn", "one"),
        ("EagerEndOfTurn", "one"),
        ("TurnResumed", "one"),
        ("EagerEndOfTurn", "one two"),
        ("EndOfTurn", "one two"),
    ]


@pytest.mark.parametrize(
    ("query", "seconds", "trigger"),
    [("&eot_threshold=0.9", 0.99, "model"), ("&eot_threshold=1.0&eot_timeout_ms=1500", 1.5, "timeout")],
)
async def test_the_thresholds_decide_when_a_turn_is_over(
    query: str, seconds: float, trigger: str, autojump_clock: MockClock
) -> None:
    async with flux(query=FLUX + query) as (_, client):
        messages = await speak(client, said("one", pause_ms=3000))
    (end,) = [message for message in messages if message.get("event") == "EndOfTurn"]
    assert end["trigger"] == trigger
    assert end["audio_window_end"] == pytest.approx(0.1 + seconds)


async def test_a_close_gives_updates_and_no_end_of_turn(autojump_clock: MockClock) -> None:
    async with flux() as (_, client):
        messages = await speak(client, said("good bye", pause_ms=0))
    assert turns(messages) == [("StartOfTurn", "good")]
    assert (messages[-1]["event"], messages[-1]["transcript"]) == ("Update", "good bye")


async def test_a_turn_can_be_forced_to_end(autojump_clock: MockClock) -> None:
    async with flux(query=FLUX + "&eot_threshold=1.0") as (_, client):
        await client.send(type="ForceEndTurn")
        await client.send_audio(said("one two", pause_ms=100))
        await client.send(type="ForceEndTurn")
        messages = await speak(client, said("three", pause_ms=100))
    assert [message["code"] for message in of_type(messages, "Warning")] == ["FORCE_END_TURN_NO_ACTIVE_TURN"]
    assert turns(messages) == [("StartOfTurn", "one"), ("EndOfTurn", "one two"), ("StartOfTurn", "three")]


@pytest.mark.parametrize(
    "message",
    [
        {"type": "KeepAlive"},
        {"type": "Finalize"},
        {"type": "Configure", "features": {"numerals": True}},
        {"type": "Configure", "numerals": "true"},
        {"type": "Configure", "keyterms": "pizza"},
        {"type": "Configure", "thresholds": {"eot_threshold": "0.8"}},
        {"type": "Configure", "thresholds": {"endpointing": 300}},
        {"type": "Configure", "thresholds": []},
        {"type": "Speak"},
        [],
    ],
)
async def test_messages_of_v1_and_other_mistakes_are_fatal(message: Any, autojump_clock: MockClock) -> None:
    async with flux() as (_, client):
        await client.socket.send_message(json.dumps(message))
        messages = await client.rest()
        closed = await client.wait_closed()
    assert messages[-1]["code"] == "UNPARSABLE_CLIENT_MESSAGE"
    assert closed.code == 1008


async def test_it_can_be_configured(autojump_clock: MockClock) -> None:
    async with flux() as (_, client):
        await client.send(type="Configure", thresholds={"eot_threshold": 1.0, "eot_timeout_ms": 500})
        await client.send_audio(said("one", pause_ms=700))
        await client.send(type="Configure", keyterms=["pizza"], numerals=True)
        await client.send_audio(encode_silence(100))
        await client.send(type="Configure", thresholds={"eager_eot_threshold": 0.2})
        await client.send_audio(encode_silence(100))
        await client.send(type="Configure", keyterms=[""])
        messages = await speak(client, encode_silence(100))
    first, second = of_type(messages, "ConfigureSuccess")
    assert first["thresholds"] == {"eot_threshold": 1.0, "eager_eot_threshold": None, "eot_timeout_ms": 500}
    assert (second["keyterms"], second["numerals"], second["thresholds"]) == (["pizza"], True, first["thresholds"])
    assert len(of_type(messages, "ConfigureFailure")) == 2
    assert [message["trigger"] for message in messages if message.get("event") == "EndOfTurn"] == ["timeout"]


async def test_a_minute_of_nothing_ends_the_connection(autojump_clock: MockClock) -> None:
    async with flux() as (_, client):
        started = trio.current_time()
        closed = await client.wait_closed()
        assert (closed.code, trio.current_time() - started) == (1011, 60.0)


async def test_a_ping_is_a_sign_of_life(autojump_clock: MockClock) -> None:
    async with flux() as (service, client):
        for _ in range(5):
            await trio.sleep(50)
            await client.socket.ping()
        assert service.connections[0].closed is None


async def test_words_may_have_no_times(autojump_clock: MockClock) -> None:
    async with flux(planned(word_times=False)) as (_, client):
        messages = await speak(client, said("one"))
    words = [word for message in of_type(messages, "TurnInfo") for word in message["words"]]
    assert words
    assert all(word.keys() == {"word", "confidence"} for word in words)


async def test_faults_are_those_of_v1(autojump_clock: MockClock) -> None:
    async with flux(planned(lose_finals=True, drop_after=1.5)) as (service, client):
        with pytest.raises(ConnectionClosed):
            await client.send_audio(said("one") + said("two", pause_ms=5000))
        sent = [stamped.message for stamped in service.connections[0].sent]
        assert turns(sent) == [("StartOfTurn", "one"), ("StartOfTurn", "two")]


async def test_a_script_decides_itself_when_a_turn_is_over(autojump_clock: MockClock) -> None:
    results = (
        Say("four", at=0.5, final=False),
        Say("four", at=0.7, end=0.5, speech_final=False),
        Say("two", at=1.0),
        Say("thanks", at=2.0),
    )
    async with flux(planned(results=results, empty_results=False)) as (_, client):
        messages = await speak(client, encode_silence(2500))
    assert turns(messages) == [
        ("StartOfTurn", "four"),
        ("EagerEndOfTurn", "four"),
        ("TurnResumed", "four two"),
        ("EndOfTurn", "four two"),
        ("StartOfTurn", "thanks"),
        ("EndOfTurn", "thanks"),
    ]


@pytest.mark.parametrize(
    "more",
    [
        *("language=en", "interim_results=true", "endpointing=300", "smart_format=true", "punctuate=true"),
        *("vad_events=true", "utterance_end_ms=1000", "channels=1", "keyterm=", "keyterm=" + "x" * 101),
        *("eot_threshold=0.4", "eot_threshold=high", "eager_eot_threshold=0.2", "eager_eot_threshold=0.8"),
        *("eot_timeout_ms=100", "numerals=1", "language_hint=en"),
        "&".join(f"keyterm=k{number}" for number in range(101)),
    ],
)
def test_what_it_does_not_take_is_refused(more: str) -> None:
    assert isinstance(parse_query(f"{FLUX}&{more}"), Refusal)


@pytest.mark.parametrize(
    "query",
    [
        "model=nova-3&encoding=mulaw&sample_rate=8000",
        "encoding=mulaw&sample_rate=8000",
        "model=flux-general-en&encoding=mulaw",
        "model=flux-general-en&encoding=mulaw&sample_rate=11025",
        "model=flux-general-en&encoding=g729&sample_rate=8000",
    ],
)
def test_and_so_is_what_it_cannot_do(query: str) -> None:
    assert isinstance(parse_query(query), Refusal)


def test_all_that_it_takes() -> None:
    more = "eot_threshold=0.8&eager_eot_threshold=0.4&eot_timeout_ms=3000&numerals=true&keyterm=a&keyterm=b%20c&tag=x"
    options = parse_query(f"{FLUX.replace('-en', '-multi')}&{more}&language_hint=de&mip_opt_out=true")
    assert isinstance(options, FluxOptions)
    assert (options.keyterms, options.numerals, options.language_hints) == (("a", "b c"), True, ("de",))
    rules = options.thresholds
    assert (rules.eot, rules.eager, rules.timeout_ms) == (0.8, 0.4, 3000)
