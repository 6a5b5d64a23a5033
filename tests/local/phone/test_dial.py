from __future__ import annotations

import pytest

from phonegame.local.phone.dial import parse_address, signature
from phonegame.local.phone.errors import InvalidUrlError


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("wss://example.com/media", "7PR3qMkpDyEJtMrVOY/LDyNq8J8="),
        ("wss://example.com/media/", "T+WBXwUXC0/CyoZ1DA+p9ilZORs="),
        ("wss://example.com:8443/media", "7PR3qMkpDyEJtMrVOY/LDyNq8J8="),
        ("wss://user:secret@example.com:8443/media", "7PR3qMkpDyEJtMrVOY/LDyNq8J8="),
    ],
)
def test_signature_of_a_secure_address_leaves_port_and_user_out(url: str, expected: str) -> None:
    assert signature(url, "12345") == expected


def test_signature_of_a_plain_address_keeps_the_port() -> None:
    assert signature("ws://127.0.0.1:5000/twilio", "12345") != signature("ws://127.0.0.1/twilio", "12345")


@pytest.mark.parametrize(
    ("url", "host_header"),
    [
        ("ws://127.0.0.1:5000/twilio", "127.0.0.1:5000"),
        ("ws://localhost/twilio", "localhost"),
        ("wss://example.com:443/twilio", "example.com"),
        ("wss://example.com:80/twilio", "example.com:80"),
        ("ws://[::1]:5000/twilio", "[::1]:5000"),
    ],
)
def test_host_header_names_a_port_that_is_not_the_usual_one(url: str, host_header: str) -> None:
    assert parse_address(url).host_header == host_header


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://127.0.0.1:5000/twilio", "ws://"),
        ("127.0.0.1:5000", "ws://"),
        ("ws:///twilio", "ws://"),
        ("ws://127.0.0.1:99999/twilio", "range"),
        ("ws://127.0.0.1:5000/twilio?token=1", "31920"),
    ],
)
def test_address_that_twilio_would_refuse_is_refused(url: str, word: str) -> None:
    with pytest.raises(InvalidUrlError, match=word):
        parse_address(url)
