"""The vectors are of Twilio's documentation and of its libraries' tests; the key is 12345."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.twilio.signature import is_genuine, sign

TOKEN = "12345"
CALL = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675310"),
    ("From", "+14158675310"),
    ("Digits", "1234"),
    ("To", "+18005551212"),
]
SMS = [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")]
JSON = b'{"property": "value", "boolean": true}'
JSON_HASH = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"


def genuine(url: str, *, at: str = "https://phone.example", path: str = "/twiml", websocket: bool = False) -> bool:
    """Whether a request is taken that was signed for `url`."""
    return is_genuine(
        sign(url, () if websocket else CALL, TOKEN),
        public_url=at,
        path=path,
        form=() if websocket else CALL,
        token=TOKEN,
        websocket=websocket,
    )


class TestVectors:
    def test_a_form(self) -> None:
        assert sign("https://example.com/myapp.php?foo=1&bar=2", CALL, TOKEN) == "L/OH5YylLD5NRKLltdqwSvS0BnU="

    def test_a_form_given_as_a_mapping(self) -> None:
        assert sign("https://example.com/myapp.php?foo=1&bar=2", dict(CALL), TOKEN) == "L/OH5YylLD5NRKLltdqwSvS0BnU="

    def test_a_field_that_comes_more_than_once(self) -> None:
        assert sign("https://mycompany.com/myapp.php?foo=1&bar=2", SMS, TOKEN) == "IK+Dwps556ElfBT0I3Rgjkr1wJU="

    @pytest.mark.parametrize(
        ("url", "signature"),
        [
            ("wss://example.com/media", "7PR3qMkpDyEJtMrVOY/LDyNq8J8="),
            ("wss://example.com/media/", "T+WBXwUXC0/CyoZ1DA+p9ilZORs="),
        ],
    )
    def test_a_websocket(self, url: str, signature: str) -> None:
        assert sign(url, (), TOKEN) == signature

    def test_a_body_that_is_no_form(self) -> None:
        assert is_genuine(
            "a9nBmqA0ju/hNViExpshrM61xv4=",
            public_url="https://mycompany.com",
            path="/myapp.php",
            query=f"foo=1&bar=2&bodySHA256={JSON_HASH}",
            body=JSON,
            token=TOKEN,
        )


class TestAddress:
    @pytest.mark.parametrize(
        ("public_url", "signed"),
        [
            ("https://phone.example", "https://phone.example/twiml"),
            # Twilio leaves the port of https out, and keeps that of http; both are taken for both
            ("https://phone.example:8443", "https://phone.example/twiml"),
            ("https://phone.example:8443", "https://phone.example:8443/twiml"),
            ("https://phone.example", "https://phone.example:443/twiml"),
            ("http://127.0.0.1:5000", "http://127.0.0.1:5000/twiml"),
            ("http://127.0.0.1", "http://127.0.0.1:80/twiml"),
            ("https://[2001:db8::1]:8443", "https://[2001:db8::1]/twiml"),
            ("https://phone.example/calls", "https://phone.example/calls/twiml"),
            ("https://Phone.Example", "https://Phone.Example/twiml"),
        ],
    )
    def test_is_as_twilio_knows_it(self, public_url: str, signed: str) -> None:
        assert genuine(signed, at=public_url)

    @pytest.mark.parametrize(
        "signed",
        [
            "https://other.example/twiml",
            "http://phone.example/twiml",
            "https://phone.example:8443/twiml",
            "https://phone.example/twiml/",
            "https://phone.example/twilio/status",
            "https://phone.example/twiml?dial=1",
            "https://phone.example.evil.example/twiml",
        ],
    )
    def test_of_another_place_is_refused(self, signed: str) -> None:
        assert not genuine(signed)

    @pytest.mark.parametrize(
        ("public_url", "path", "signed"),
        [
            ("https://phone.example", "/twilio", "wss://phone.example/twilio"),
            ("https://phone.example", "/twilio", "wss://phone.example/twilio/"),
            ("https://phone.example", "/twilio/", "wss://phone.example/twilio"),
            ("https://phone.example:8443", "/twilio", "wss://phone.example:8443/twilio"),
            ("https://phone.example:8443", "/twilio", "wss://phone.example/twilio"),
            ("https://phone.example", "/twilio", "wss://phone.example:443/twilio"),
            ("https://phone.example/calls", "/twilio", "wss://phone.example/calls/twilio"),
            ("http://127.0.0.1:5000", "/twilio", "ws://127.0.0.1:5000/twilio"),
        ],
    )
    def test_of_a_websocket_has_its_own_scheme_and_perhaps_a_slash(
        self, public_url: str, path: str, signed: str
    ) -> None:
        assert genuine(signed, at=public_url, path=path, websocket=True)

    @pytest.mark.parametrize("signed", ["https://phone.example/twilio", "wss://other.example/twilio"])
    def test_of_a_websocket_is_no_other(self, signed: str) -> None:
        assert not genuine(signed, path="/twilio", websocket=True)

    def test_keeps_what_is_percent_encoded(self) -> None:
        url = "https://phone.example/twi%6Dl?a=%20b+c"
        parts: dict[str, Any] = {"public_url": "https://phone.example", "token": TOKEN}
        assert is_genuine(sign(url, (), TOKEN), path="/twi%6Dl", query="a=%20b+c", **parts)
        assert not is_genuine(sign(url, (), TOKEN), path="/twiml", query="a=%20b+c", **parts)


class TestForgery:
    @pytest.mark.parametrize(
        "form",
        [
            CALL[:-1],
            [*CALL, ("Extra", "1")],
            [*CALL[:-1], ("To", "+19005551212")],
            [(name.lower(), value) for name, value in CALL],
        ],
        ids=["a field less", "a field more", "another value", "other names"],
    )
    def test_a_form_that_was_changed_is_refused(self, form: list[tuple[str, str]]) -> None:
        signature = sign("https://phone.example/twiml", CALL, TOKEN)
        assert not is_genuine(signature, public_url="https://phone.example", path="/twiml", form=form, token=TOKEN)

    def test_empty_fields_are_signed_too(self) -> None:
        signature = sign("https://phone.example/twiml", [*CALL, ("CallerName", "")], TOKEN)
        assert not is_genuine(signature, public_url="https://phone.example", path="/twiml", form=CALL, token=TOKEN)

    def test_the_order_of_a_form_does_not_matter(self) -> None:
        signature = sign("https://phone.example/twiml", CALL, TOKEN)
        form = list(reversed(CALL))
        assert is_genuine(signature, public_url="https://phone.example", path="/twiml", form=form, token=TOKEN)

    def test_another_token_s_signature_is_refused(self) -> None:
        signature = sign("https://phone.example/twiml", CALL, "54321")
        assert not is_genuine(signature, public_url="https://phone.example", path="/twiml", form=CALL, token=TOKEN)

    def test_a_body_is_not_taken_for_another_with_its_hash_in_the_address(self) -> None:
        query = f"bodySHA256={JSON_HASH}"
        signature = sign(f"https://phone.example/twiml?{query}", (), TOKEN)
        whole: dict[str, Any] = {
            "public_url": "https://phone.example",
            "path": "/twiml",
            "query": query,
            "token": TOKEN,
        }
        assert is_genuine(signature, body=JSON, **whole)
        assert not is_genuine(signature, body=JSON + b" ", **whole)

    def test_a_hash_that_was_not_signed_is_no_help(self) -> None:
        signature = sign("https://phone.example/twiml", CALL, TOKEN)
        query = f"bodySHA256={hashlib.sha256(b'mine').hexdigest()}"
        parts: dict[str, Any] = {
            "public_url": "https://phone.example",
            "path": "/twiml",
            "query": query,
            "token": TOKEN,
        }
        assert not is_genuine(signature, form=CALL, body=b"mine", **parts)

    @pytest.mark.parametrize("signature", [None, "", " ", "=", "é", "x" * 10_000])
    def test_what_is_no_signature_is_refused(self, signature: str | None) -> None:
        assert not is_genuine(signature, public_url="https://phone.example", path="/twiml", form=CALL, token=TOKEN)

    def test_without_a_token_nothing_is_genuine(self) -> None:
        signature = sign("https://phone.example/twiml", CALL, "")
        assert not is_genuine(signature, public_url="https://phone.example", path="/twiml", form=CALL, token="")


TEXT = st.text(max_size=20)


@given(
    st.none() | TEXT,
    st.sampled_from(["https://phone.example", "", "https://[::1", "https://h:99999", "ftp://h"]) | TEXT,
    TEXT,
    TEXT | st.sampled_from(["bodySHA256=", "bodySHA256=zz", "&".join(["a=b"] * 2000)]),
    st.lists(st.tuples(TEXT, TEXT), max_size=5),
    st.binary(max_size=20),
    st.booleans(),
)
def test_nonsense_is_refused_and_never_raises(
    signature: str | None,
    public_url: str,
    path: str,
    query: str,
    form: list[tuple[str, str]],
    body: bytes,
    websocket: bool,
) -> None:
    assert not is_genuine(
        signature,
        public_url=public_url,
        path=path,
        query=query,
        form=form,
        body=body,
        token=TOKEN,
        websocket=websocket,
    )
