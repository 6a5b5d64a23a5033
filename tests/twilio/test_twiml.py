from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.twilio import twiml


def verbs(document: str) -> list[ET.Element]:
    root = ET.fromstring(document)  # noqa: S314 - a document of ours
    assert root.tag == "Response"
    return list(root)


def connected(**values: object) -> list[ET.Element]:
    fields: dict[str, object] = {"after_url": "https://h/after", "greeting": "", "voice": "", "parameters": {}}
    return verbs(twiml.connected("wss://h/twilio", **{**fields, **values}))  # type: ignore[arg-type]


def test_the_stream_goes_both_ways_and_twilio_asks_what_comes_after_it() -> None:
    (connect,) = connected()
    assert (connect.tag, connect.attrib) == ("Connect", {"action": "https://h/after", "method": "POST"})
    (stream,) = connect
    assert (stream.tag, stream.attrib) == ("Stream", {"url": "wss://h/twilio"})


def test_the_greeting_comes_first() -> None:
    say, connect = connected(greeting="Hi & <hello>", voice="Polly.Amy")
    assert (say.tag, say.text, say.attrib) == ("Say", "Hi & <hello>", {"voice": "Polly.Amy"})
    assert connect.tag == "Connect"


def test_parameters_are_handed_over_but_for_empty_ones() -> None:
    (connect,) = connected(parameters={"from": "+1", "to": "", "token": '"&<'})
    assert [parameter.attrib for parameter in connect[0]] == [
        {"name": "from", "value": "+1"},
        {"name": "token", "value": '"&<'},
    ]


def test_a_parameter_is_cut_where_twilio_would_refuse_it() -> None:
    (connect,) = connected(parameters={"from": "x" * 600})
    assert len(connect[0][0].attrib["value"]) + len("from") == 499


@pytest.mark.parametrize(
    ("public_url", "stream_url"),
    [
        ("https://phone.example", "wss://phone.example/twilio"),
        ("https://phone.example/calls", "wss://phone.example/calls/twilio"),
        ("http://127.0.0.1:5000", "ws://127.0.0.1:5000/twilio"),
    ],
)
def test_stream_url(public_url: str, stream_url: str) -> None:
    assert twiml.stream_url(public_url) == stream_url


@given(st.text(), st.text())
def test_whatever_is_said_and_handed_over_twilio_can_read_it(greeting: str, caller: str) -> None:
    *says, connect = connected(greeting=greeting, parameters={"from": caller, "to": "+1"})
    assert connect.tag == "Connect"
    assert [say.tag for say in says] in ([], ["Say"])
    assert connect[0][-1].attrib == {"name": "to", "value": "+1"}


def test_what_no_document_can_hold_is_left_out() -> None:
    nothing = "\0\x0b\ufffe\ud800"
    say, connect = connected(greeting=f"one{nothing}two", parameters={"from": nothing})
    assert say.text == "onetwo"
    assert len(connect[0]) == 0
    assert [verb.tag for verb in connected(greeting=f" {nothing} ")] == ["Connect"]


def test_a_goodbye_is_said_and_then_hung_up() -> None:
    assert [(verb.tag, verb.text) for verb in verbs(twiml.said_and_hung_up("Bye."))] == [
        ("Say", "Bye."),
        ("Hangup", None),
    ]


def test_an_empty_goodbye_is_not_said() -> None:
    assert [verb.tag for verb in verbs(twiml.said_and_hung_up(""))] == ["Hangup"]


def test_a_bin_hands_the_call_over() -> None:
    (redirect,) = verbs(twiml.redirected("https://h/twiml"))
    assert (redirect.tag, redirect.text, redirect.attrib) == ("Redirect", "https://h/twiml", {"method": "POST"})


def test_a_callback_is_answered_with_nothing() -> None:
    assert verbs(twiml.nothing()) == []
