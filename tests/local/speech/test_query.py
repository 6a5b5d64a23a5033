from __future__ import annotations

import pytest

from phonegame.local.speech.query import ListenOptions, Refusal, parse_query
from phonegame.local.speech.refusals import check_key

RAW = "model=nova-3&encoding=mulaw&sample_rate=8000"


def test_everything_that_a_phone_server_asks_for_is_understood() -> None:
    query = (
        f"{RAW}&language=en&channels=1&interim_results=true&endpointing=300&utterance_end_ms=1000&vad_events=true"
        "&punctuate=true&numerals=true&smart_format=false&keyterm=extra+cheese&keyterm=forty%20two&tag=test&mip_opt_out=true"
    )
    assert parse_query(query) == ListenOptions(
        model="nova-3",
        encoding="mulaw",
        interim_results=True,
        endpointing_ms=300,
        utterance_end_ms=1000,
        vad_events=True,
        punctuate=True,
        numerals=True,
        keyterms=("extra cheese", "forty two"),
    )


def test_nothing_asked_for_is_deepgrams_oldest_model_and_ten_ms() -> None:
    options = parse_query("")
    assert isinstance(options, ListenOptions)
    assert (options.model, options.endpointing_ms, options.encoding) == ("base-general", 10, None)


@pytest.mark.parametrize(("value", "ms"), [("false", None), ("true", 10), ("0", 0), ("250", 250)])
def test_endpointing(value: str, ms: int | None) -> None:
    options = parse_query(f"{RAW}&endpointing={value}")
    assert isinstance(options, ListenOptions)
    assert options.endpointing_ms == ms


def test_smart_format_implies_punctuation() -> None:
    options = parse_query(f"{RAW}&smart_format=true")
    assert isinstance(options, ListenOptions)
    assert options.punctuate


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("model=nova-9", "nova-9"),
        ("model=flux-general-en", "flux-general-en"),
        ("model=nova-3&encoding=mulaw", "sample_rate"),
        ("model=nova-3&encoding=mp3&sample_rate=8000", "mp3"),
        ("model=nova-3&encoding=mulaw&sample_rate=fast", "sample_rate"),
        ("model=nova-3&encoding=mulaw&sample_rate=100", "100"),
        (f"{RAW}&channels=9", "channels"),
        (f"{RAW}&multichannel=true", "multichannel"),
        (f"{RAW}&interim_results=yes", "interim_results"),
        (f"{RAW}&numerals=True", "numerals"),
        (f"{RAW}&endpointing=-1", "endpointing"),
        (f"{RAW}&endpointing=soon", "endpointing"),
        (f"{RAW}&utterance_end_ms=1000", "interim_results"),
        (f"{RAW}&interim_results=true&utterance_end_ms=999", "utterance_end_ms"),
        (f"{RAW}&interim_results=true&utterance_end_ms=5001", "utterance_end_ms"),
        (f"{RAW}&keywords=pizza:2", "keyterm"),
        ("model=nova-2&keyterm=pizza", "keyterm"),
        (f"{RAW}&keyterm=", "keyterm"),
        (f"{RAW}&" + "&".join(["keyterm=pepperoni+pizza"] * 101), "Keyterm limit exceeded"),
        ("model=nova-2&" + "&".join(["keywords=word"] * 101), "keywords"),
        (f"{RAW}&language=English", "English"),
        (f"{RAW}&endpoint=300", "endpoint"),
        (f"{RAW}&model=nova-2", "model"),
        (f"{RAW}&tag={'t' * 129}", "tag"),
        (f"{RAW}&extra=nothing", "extra"),
    ],
)
def test_what_is_wrong_is_named(query: str, names: str) -> None:
    refusal = parse_query(query)
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.err_code) == (400, "INVALID_QUERY_PARAMETER")
    assert names in refusal.err_msg


@pytest.mark.parametrize("header", ["", "Bearer right", "Token ", "right", "Token wrong"])
def test_a_wrong_key_is_refused(header: str) -> None:
    refusal = check_key({"authorization": header}, "right")
    assert refusal is not None
    assert (refusal.status, refusal.err_code) == (401, "INVALID_AUTH")
    assert "right" not in refusal.err_msg


@pytest.mark.parametrize(
    "headers",
    [{"authorization": "Token right"}, {"authorization": "token right"}, {"sec-websocket-protocol": "token, right"}],
)
def test_the_right_key_is_accepted(headers: dict[str, str]) -> None:
    assert check_key(headers, "right") is None


def test_without_a_configured_key_any_will_do_or_none() -> None:
    assert check_key({"authorization": "Token whatever"}, None) is None
    assert check_key({}, None) is None


@pytest.mark.parametrize("header", ["Bearer whatever", "Token ", "whatever"])
def test_also_then_a_key_has_to_be_given_as_deepgram_wants_it(header: str) -> None:
    assert check_key({"authorization": header}, None) is not None
