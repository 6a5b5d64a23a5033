from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.listen.keyterms import KeytermUrl, clean, estimated_tokens
from phonegame.local.speech.query import count_tokens

GLOBAL = "wss://api.deepgram.com/v1/listen"


@pytest.mark.parametrize(
    ("url", "takes_keyterms", "takes_configure"),
    [
        (f"{GLOBAL}?model=nova-3", True, True),
        (f"{GLOBAL}?model=nova-3-general", True, True),
        (f"{GLOBAL}?model=nova-3-medical&language=en", True, True),
        (f"{GLOBAL}?model=nova-4", True, True),
        ("ws://127.0.0.1:8080/v1/listen?model=nova-3", True, True),
        ("wss://speech.example/v1/listen?model=nova-3", True, True),
        ("wss://api.eu.deepgram.com/v1/listen?model=nova-3", True, False),
        ("wss://API.au.Deepgram.com:443/v1/listen?model=nova-3", True, False),
        ("wss://api.deepgram.com/v2/listen?model=flux-general-en", True, True),
        (f"{GLOBAL}?model=nova-2", False, False),
        (f"{GLOBAL}?model=nova-2-phonecall", False, False),
        (f"{GLOBAL}?model=nova", False, False),
        (f"{GLOBAL}?model=nova-phonecall", False, False),
        (f"{GLOBAL}?model=enhanced-general", False, False),
        (f"{GLOBAL}?model=base", False, False),
        (f"{GLOBAL}?model=whisper-large", False, False),
        (f"{GLOBAL}?encoding=mulaw", False, False),
        (GLOBAL, False, False),
    ],
)
def test_the_url_tells_what_is_possible(url: str, takes_keyterms: bool, takes_configure: bool) -> None:
    keyterm_url = KeytermUrl(url)
    assert (keyterm_url.takes_keyterms, keyterm_url.takes_configure) == (takes_keyterms, takes_configure)


@pytest.mark.parametrize(
    ("url", "keyterms", "expected"),
    [
        (f"{GLOBAL}?a=%20b+c&model=nova-3", [], f"{GLOBAL}?a=%20b+c&model=nova-3"),
        (f"{GLOBAL}?a=%20b+c", ["zorg"], f"{GLOBAL}?a=%20b+c&keyterm=zorg"),
        (f"{GLOBAL}?keyterm=own", ["a b", "c"], f"{GLOBAL}?keyterm=own&keyterm=a%20b&keyterm=c"),
        (GLOBAL, ["a&b=c", "50%+", "x#y/z?"], f"{GLOBAL}?keyterm=a%26b%3Dc&keyterm=50%25%2B&keyterm=x%23y%2Fz%3F"),
        ("ws://[::1]:80", ["Ü"], "ws://[::1]:80?keyterm=%C3%9C"),
    ],
)
def test_keyterms_come_behind_the_url_as_it_stands(url: str, keyterms: list[str], expected: str) -> None:
    assert KeytermUrl(url).with_keyterms(keyterms) == expected


def test_the_url_s_own_keyterms_are_known_and_are_not_wanted_twice() -> None:
    url = KeytermUrl(f"{GLOBAL}?model=nova-3&keyterm=two%20words&keyterm=&keyterm=plus+sign&keyterm=two+words")
    assert url.own == ("two words", "plus sign")
    assert url.besides_own(["zorg", "plus  sign", "zorg", "Zorg"]) == ("zorg", "Zorg")


def test_what_is_no_keyterm_is_left_out() -> None:
    assert clean(["", " ", "\t\n", " a \n b ", "a b", "\ud800x"]) == ("a b", "?x")


@given(st.lists(st.text()))
def test_whatever_words_come_the_session_is_asked_for_them(words: list[str]) -> None:
    url = KeytermUrl(f"{GLOBAL}?model=nova-3&keyterm=own")
    wanted = url.besides_own(words)
    query = urlsplit(url.with_keyterms(wanted)).query
    asked = [value for name, value in parse_qsl(query, keep_blank_values=True) if name == "keyterm"]
    assert asked == ["own", *wanted]
    assert all(term.strip() for term in asked)
    assert query.isascii()


@pytest.mark.parametrize(
    ("keyterm", "tokens"),
    [("a", 1), ("ab", 1), ("zorg", 2), ("pepperoni", 5), ("two words", 5), ("42", 2), ("ü", 2), ("é!", 3)],
)
def test_tokens_are_counted_generously(keyterm: str, tokens: int) -> None:
    assert estimated_tokens([keyterm]) == tokens
    assert estimated_tokens([keyterm, "ab"]) == tokens + 1


@given(st.lists(st.text()))
def test_no_more_tokens_are_counted_by_the_stand_in(words: list[str]) -> None:
    keyterms = clean(words)
    assert estimated_tokens(keyterms) >= count_tokens(keyterms)


@pytest.mark.parametrize(
    ("words", "more", "expected"),
    [
        (["zorg"], [], ["zorg"]),
        (["zorg"], ["a", "b"], ["zorg", "a", "b"]),
        # 3 tokens are the URL's, 2 the game's
        (["zorg"], ["x" * 900, "y" * 90, "z"], ["zorg", "x" * 900, "y" * 90]),
        (["zorg"], ["x" * 900, "y" * 91, "z"], ["zorg", "x" * 900]),
        # too many of them are refused, which is not done here
        (["x" * 1001], ["a"], ["x" * 1001]),
    ],
)
def test_of_words_that_need_not_be_there_the_first_are_taken_as_far_as_they_fit(
    words: list[str], more: list[str], expected: list[str]
) -> None:
    assert KeytermUrl(f"{GLOBAL}?model=nova-3&keyterm=potion").fitting(words, more) == expected
