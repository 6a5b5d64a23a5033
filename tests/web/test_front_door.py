"""Under hypercorn's own command, which listens where it is told to, and may keep a log of its own."""

from __future__ import annotations

import io
import logging
from typing import Any

import pytest

from phonegame.app import create_app
from phonegame.settings import Settings, SettingsError
from tests.http_client import bearer, fetch
from tests.hypercorn_server import config_for, serving
from tests.raw_websocket import connect
from tests.twilio_side import GAME_KEY, LOCKS, OPERATOR_KEY

WITH_QUERY = "%(r)s %(q)s %(Uq)s"


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, DEEPGRAM_API_KEY="key", voice="none", **values)


@pytest.fixture
def access_log() -> tuple[logging.Logger, io.StringIO]:
    out = io.StringIO()
    logger = logging.Logger("access")  # noqa: LOG001 - nobody else's
    logger.addHandler(logging.StreamHandler(out))
    return logger, out


@pytest.mark.parametrize("target", ["/game?key={}", "/?key={}", "/nowhere?a=b&k%65y={}", "/game?key={}wrong"])
async def test_keys_are_not_in_hypercorn_s_access_log(
    target: str, access_log: tuple[logging.Logger, io.StringIO]
) -> None:
    logger, out = access_log
    async with serving(
        create_app(settings(**LOCKS)), config_for(accesslog=logger, access_log_format=WITH_QUERY)
    ) as port:
        address = f"127.0.0.1:{port}"
        await fetch(address, "GET", target.format(GAME_KEY), [bearer(OPERATOR_KEY)])
        async with connect(address) as socket:
            await socket.upgrade(target.format(GAME_KEY))
    assert "key=hidden" in out.getvalue()
    assert GAME_KEY not in out.getvalue()
    assert OPERATOR_KEY not in out.getvalue()


async def test_the_application_does_not_start_exposed_and_unlocked() -> None:
    with pytest.raises(SettingsError, match="PHONEGAME_OPERATOR_KEY: is missing"):
        create_app(settings(PROXY_URL="0.0.0.0:5000"))


async def test_short_keys_are_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    create_app(settings(game_keys="long-enough-for-anybody,short", operator_key="short-one"))
    line = capsys.readouterr().err
    assert "a key is short enough to be guessed" in line
    assert "PHONEGAME_GAME_KEYS" in line
    assert "PHONEGAME_OPERATOR_KEY" in line
    assert "short-one" not in line


async def test_too_many_attempts_from_one_address_are_refused_with_429() -> None:
    values = {**LOCKS, "connects_per_minute": 2}
    async with serving(create_app(settings(**values)), config_for()) as port:
        statuses = []
        for address in ("203.0.113.9", "203.0.113.9", "203.0.113.9", "203.0.113.10"):
            async with connect(f"127.0.0.1:{port}") as socket:
                answer = await socket.upgrade("/game", headers=[("X-Forwarded-For", address)])
                statuses.append(getattr(answer, "status_code", 101))
    assert statuses == [401, 401, 429, 401]
