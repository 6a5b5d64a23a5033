"""With CERT_PEM and KEY_PEM games and calls come over TLS."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from phonegame.local.game_client import GameUnreachableError, connect_game
from phonegame.local.phone import NoHandshakeError, place_call
from tests.certificate import Certificate, make_certificate
from tests.house import Caller, House, open_house
from tests.raw_websocket import connect


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    """One that this process trusts."""
    made = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.authority))
    return made


async def talk(house: House) -> None:
    async with house.game() as game, house.phone() as caller:
        await caller.joins(game)
        await caller.says("hello there")
        await game.hears("hello there")


async def test_a_caller_joins_over_tls(certificate: Certificate) -> None:
    async with open_house(CERT_PEM=certificate.cert, KEY_PEM=certificate.key) as house:
        assert house.game_url.startswith("wss://")
        await talk(house)
        assert house.errors == []


async def test_whoever_does_not_trust_the_certificate_harms_nobody(certificate: Certificate) -> None:
    async with open_house(CERT_PEM=certificate.cert, KEY_PEM=certificate.key) as house:
        stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        with pytest.raises(NoHandshakeError, match="certificate"):
            async with place_call(house.twilio_url, ssl_context=stranger) as phone:
                await Caller(phone).says("never")
        await talk(house)
        assert house.errors == []


async def test_plain_text_to_a_tls_port_harms_nobody(certificate: Certificate) -> None:
    async with open_house(CERT_PEM=certificate.cert, KEY_PEM=certificate.key) as house:
        async with connect(house.address) as plain:
            await plain.write(b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n")
            await plain.read()
        await talk(house)
        assert house.errors == []


async def test_a_game_that_expects_tls_where_there_is_none_is_told_so() -> None:
    async with open_house() as house:
        with pytest.raises(GameUnreachableError, match="should it begin with ws://"):
            async with connect_game(house.game_url.replace("ws://", "wss://")):
                pass
