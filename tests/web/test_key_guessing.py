"""Who tries one wrong key after the other, or forges one webhook after the other, behind a proxy of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from phonegame.limits.keys import RETRY_SECONDS, WRONG_KEYS
from tests.house import House, open_house
from tests.http_client import FORM, Answer, basic, bearer, fetch
from tests.twilio_side import LOCKS, OPERATOR_KEY

GUESSER, OPERATOR = "203.0.113.9", "203.0.113.10"


async def ask(house: House, address: str, *headers: tuple[str, str], path: str = "/") -> Answer:
    return await fetch(house.address, "GET", path, [*headers, ("X-Forwarded-For", address)])


async def guess(house: House, times: int, address: str = GUESSER) -> list[int]:
    """As a password and as a bearer's, in turn."""
    keys = [f"wrong-{number}" for number in range(times)]
    headers = [basic("me", key) if number % 2 else bearer(key) for number, key in enumerate(keys)]
    return [(await ask(house, address, header)).status for header in headers]


async def test_wrong_keys_are_limited_and_then_the_right_one_is_not_looked_at_either() -> None:
    async with open_house(**LOCKS) as house:
        assert await guess(house, WRONG_KEYS + 1) == [401] * WRONG_KEYS + [429]
        for path in ("/", "/call", "/nowhere"):
            answer = await ask(house, GUESSER, bearer(OPERATOR_KEY), path=path)
            assert (answer.status, answer.header("retry-after")) == (429, [str(RETRY_SECONDS)])
            assert "Too many wrong keys" in answer.text


async def test_others_guesses_lock_nobody_else_out() -> None:
    async with open_house(**LOCKS) as house:
        await guess(house, WRONG_KEYS + 1)
        assert (await ask(house, OPERATOR, bearer(OPERATOR_KEY))).status == 200
        # who makes up where it comes from is known by where the proxy says that it came from
        made_up = await ask(house, f"{OPERATOR}, {GUESSER}", bearer(OPERATOR_KEY))
        assert made_up.status == 429


async def test_who_gives_no_key_guesses_nothing() -> None:
    """As a browser does, before it asks for the password."""
    async with open_house(**LOCKS) as house:
        statuses = {(await ask(house, OPERATOR)).status for _ in range(WRONG_KEYS + 1)}
        assert statuses == {401}
        assert (await ask(house, OPERATOR, basic("me", OPERATOR_KEY))).status == 200


async def test_what_is_for_anybody_is_still_there() -> None:
    async with open_house(**LOCKS) as house:
        await guess(house, WRONG_KEYS + 1)
        assert (await ask(house, GUESSER, bearer("wrong"), path="/healthz")).status == 200


def reasons(house: House) -> Sequence[str]:
    """Why somebody was refused, as the log has it."""
    records: list[Any] = [record.msg for record in house.logged if isinstance(record.msg, dict)]
    return [record["why"] for record in records if record["event"] == "refused"]


async def test_each_address_has_one_line_in_the_log_for_each_reason() -> None:
    async with open_house(**LOCKS) as house:
        await guess(house, WRONG_KEYS + 3)
        await guess(house, 3, OPERATOR)
        assert reasons(house) == [
            "wrong operator's key",
            "too many wrong keys from this address",
            "wrong operator's key",
        ]


@pytest.mark.parametrize("path", ["/twiml", "/twiml/after", "/twilio/status", "/twilio/amd"])
async def test_a_flood_of_forged_webhooks_has_one_line_in_the_log(path: str) -> None:
    async with open_house(**LOCKS) as house:
        for number in range(10):
            signature = ("X-Twilio-Signature", f"forged-{number}")
            answer = await fetch(house.address, "POST", path, [FORM, signature], b"CallSid=CA1")
            assert answer.status == 403
        assert reasons(house) == ["not signed by Twilio"]
