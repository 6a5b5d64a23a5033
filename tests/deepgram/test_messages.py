from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.deepgram.messages import (
    CLOSE_STREAM,
    FINALIZE,
    KEEP_ALIVE,
    ConfigureFailure,
    ConfigureSuccess,
    Error,
    Metadata,
    Other,
    Results,
    SpeechStarted,
    UtteranceEnd,
    Word,
    configure,
    parse,
)

# from Deepgram's API reference, shortened
RESULTS = """{"type":"Results","channel_index":[0,1],"duration":1.98,"start":5.99,"is_final":true,"speech_final":true,
"from_finalize":false,"channel":{"alternatives":[{"transcript":"Tell me, 42.","confidence":0.99,"languages":["en"],
"words":[{"word":"tell","start":6.07,"end":6.31,"confidence":0.99,"punctuated_word":"Tell"},
{"word":"me","start":6.31,"end":6.63,"confidence":0.98,"punctuated_word":"me,"},
{"word":"42","start":6.63,"end":7.1,"confidence":0.97,"punctuated_word":"42."}]}]},
"metadata":{"request_id":"52cc0efe","model_info":{"name":"general","version":"x","arch":"nova-3"}}}"""


def test_results_are_read_with_their_words_and_times() -> None:
    results = parse(RESULTS)
    assert isinstance(results, Results)
    assert (results.start, results.duration) == (5.99, 1.98)
    assert results.end == pytest.approx(7.97)
    assert (results.is_final, results.speech_final) == (True, True)
    assert results.best.transcript == "Tell me, 42."
    assert [word.text for word in results.best.words] == ["Tell", "me,", "42."]
    assert results.best.words[2] == Word("42", 6.63, 7.1, "42.", 0.97)
    assert results.best.confidence == 0.99


def test_a_session_need_not_say_how_sure_it_is() -> None:
    results = parse(
        '{"type":"Results","start":0,"duration":1,"channel":{"alternatives":[{"transcript":"a",'
        '"words":[{"word":"a","start":0,"end":1}]}]}}'
    )
    assert isinstance(results, Results)
    assert (results.best.confidence, results.best.words[0].confidence) == (0, None)


def test_a_word_without_punctuation_is_as_it_was_heard() -> None:
    assert Word("forty", 0, 1).text == "forty"
    assert Word("forty", 0, 1, "").text == "forty"


@pytest.mark.parametrize("channel", ["{}", '{"alternatives":[]}', '{"alternatives":[{}]}'])
def test_results_without_alternatives_say_nothing(channel: str) -> None:
    results = parse(f'{{"type":"Results","start":0,"duration":1,"channel":{channel}}}')
    assert isinstance(results, Results)
    assert (results.best.transcript, results.best.words) == ("", [])
    assert (results.is_final, results.speech_final) == (False, False)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ('{"type":"SpeechStarted","channel":[0],"timestamp":9.5}', SpeechStarted(9.5)),
        ('{"type":"UtteranceEnd","channel":[0,1],"last_word_end":2.4}', UtteranceEnd(2.4)),
        ('{"type":"UtteranceEnd","last_word_end":-1}', UtteranceEnd(-1)),
        ('{"type":"Metadata","request_id":"x","duration":1.5,"channels":1}', Metadata()),
        ('{"type":"Error","description":"too fast","message":"x"}', Error("too fast")),
        ('{"type":"ConfigureSuccess","request_id":"x","keyterms":["a"]}', ConfigureSuccess()),
        (
            '{"type":"ConfigureFailure","request_id":"x","code":"CONFIGURE_INTERNAL_ERROR","description":"no"}',
            ConfigureFailure("CONFIGURE_INTERNAL_ERROR", "no"),
        ),
        ('{"type":"ConfigureFailure","code":null}', ConfigureFailure()),
        ('{"type":"Weather","sunny":true}', Other("Weather")),
    ],
)
def test_every_message_has_a_type(raw: str, message: object) -> None:
    assert parse(raw) == message
    assert parse(raw.encode()) == message


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "{",
        "null",
        "[1]",
        '"Results"',
        "{}",
        '{"type":null}',
        '{"type":"Results"}',
        '{"type":"Results","start":"0","duration":1,"channel":{}}',
        '{"type":"Results","start":0,"duration":1,"channel":{"alternatives":[{"words":[{"word":"a"}]}]}}',
        '{"type":"UtteranceEnd","last_word_end":"soon"}',
        '{"type":"ConfigureFailure","code":7}',
        '{"type":"Results","start":1e999,"duration":1,"channel":{}}',
        '{"type":"Results","start":1e305,"duration":1,"channel":{}}',
        '{"type":"Results","start":0,"duration":1e305,"channel":{}}',
        '{"type":"Results","start":-9,"duration":1,"channel":{}}',
        '{"type":"Results","start":0,"duration":1,"channel":{"alternatives":[{"words":[{"word":"a","start":0,"end":1e8}]}]}}',
        '{"type":"SpeechStarted","timestamp":1e305}',
        '{"type":"UtteranceEnd","last_word_end":1e305}',
        b"\xff\xfe",
        "\ud800",
        pytest.param("[" * 100_000, id="deep"),
        pytest.param('{"type":"Weather","a":' + "[" * 100_000, id="deep inside"),
    ],
)
def test_what_is_no_message_is_none(raw: str | bytes) -> None:
    assert parse(raw) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
FIELDS = [
    "type",
    "start",
    "duration",
    "channel",
    "is_final",
    "timestamp",
    "last_word_end",
    "alternatives",
    "words",
    "code",
]
TYPES = ["Results", "SpeechStarted", "UtteranceEnd", "Metadata", "Error", "ConfigureSuccess", "ConfigureFailure"]


@given(st.text() | st.binary())
def test_no_text_and_no_bytes_make_it_raise(raw: str | bytes) -> None:
    parse(raw)


@given(st.dictionaries(st.sampled_from(FIELDS), json_values), st.sampled_from(TYPES))
def test_no_object_makes_it_raise(fields: dict[str, object], kind: str) -> None:
    parse(json.dumps({**fields, "type": kind}))


def test_what_is_sent_is_what_deepgram_documents() -> None:
    sent = [json.loads(text) for text in (KEEP_ALIVE, FINALIZE, CLOSE_STREAM)]
    assert sent == [{"type": "KeepAlive"}, {"type": "Finalize"}, {"type": "CloseStream"}]
    assert json.loads(configure(("a b", "ü"))) == {"type": "Configure", "keyterms": ["a b", "ü"]}
    assert json.loads(configure(())) == {"type": "Configure", "keyterms": []}
