from __future__ import annotations

import email.utils
import socket
from typing import Any

import pytest

from phonegame.doctor.finding import Finding, Outcome
from phonegame.doctor.outside import check_clock, check_locks, check_number, check_public_url, check_stream
from phonegame.doctor.speech import check_deepgram
from tests.doctor.world import TOKEN, World, inhabited


def says(finding: Finding, outcome: Outcome, *words: str) -> bool:
    assert finding.outcome is outcome, finding
    shown = f"{finding.text} {finding.fix}"
    assert all(word in shown for word in words), finding
    return True


def nobody() -> str:
    """An address at which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{sock.getsockname()[1]}"


class TestPublicAddress:
    async def test_leads_to_phonegame(self) -> None:
        async with inhabited(World()) as world:
            assert says(await check_public_url(world.settings()), Outcome.OK, world.url)

    @pytest.mark.parametrize(
        ("world", "words"),
        [
            (World(status=302), ["302", "redirect"]),
            (World(health=b"<html>"), ["200", "not phonegame"]),
            (World(health=b"[" * 5000), ["200", "not phonegame"]),
            (World(status=403), ["403", "locks"]),
            (World(status=500), ["500", "tunnel or proxy"]),
        ],
        ids=lambda value: value.status if isinstance(value, World) else None,
    )
    async def test_leads_elsewhere(self, world: World, words: list[str]) -> None:
        async with inhabited(world):
            assert says(await check_public_url(world.settings()), Outcome.FAULT, *words)

    async def test_leads_to_a_tunnel_while_no_server_runs(self) -> None:
        async with inhabited(World(status=502)) as world:
            finding = await check_public_url(world.settings(PROXY_URL=nobody()))
            assert says(finding, Outcome.WARNING, "502", "phonegame serve")

    async def test_leads_to_nobody(self) -> None:
        async with inhabited(World()) as world:
            address = world.url.removeprefix("http://")
            finding = await check_public_url(world.settings(public_url=f"http://{nobody()}", PROXY_URL=address))
        assert says(finding, Outcome.FAULT, "nobody listens", "PHONEGAME_PUBLIC_URL")

    async def test_leads_to_a_server_that_does_not_run(self) -> None:
        settings = World(url="http://127.0.0.1:5000").settings(public_url=f"http://{nobody()}", PROXY_URL=nobody())
        assert says(await check_public_url(settings), Outcome.WARNING, "phonegame serve")
        assert says(await check_stream(settings), Outcome.NOT_CHECKED, "public address")

    async def test_is_not_set(self) -> None:
        async with inhabited(World()) as world:
            finding = await check_public_url(world.settings(public_url=""))
        assert says(finding, Outcome.NOT_CHECKED, "PHONEGAME_PUBLIC_URL")


class TestMediaStream:
    async def test_signed_ones_are_taken_and_others_are_not(self) -> None:
        async with inhabited(World()) as world:
            assert says(await check_stream(world.settings()), Outcome.OK, "signed ones only")
            assert world.handshakes == 2

    async def test_ours_are_taken_for_forged(self) -> None:
        async with inhabited(World()) as world:
            finding = await check_stream(world.settings(TWILIO_AUTH_TOKEN=TOKEN[::-1]))
        assert says(finding, Outcome.FAULT, "forged", "PHONEGAME_PUBLIC_URL", "TWILIO_AUTH_TOKEN")

    async def test_those_of_strangers_are_taken_too(self) -> None:
        async with inhabited(World(stream_status=101)) as world:
            assert says(await check_stream(world.settings()), Outcome.FAULT, "has not signed", "TWILIO_AUTH_TOKEN")

    async def test_the_proxy_takes_no_websocket(self) -> None:
        async with inhabited(World(stream_status=400)) as world:
            assert says(await check_stream(world.settings()), Outcome.FAULT, "400", "proxy_http_version")

    async def test_no_token_is_set(self) -> None:
        async with inhabited(World(stream_status=101)) as world:
            finding = await check_stream(world.settings(TWILIO_AUTH_TOKEN=""))
        assert says(finding, Outcome.OK, "without a signature")


class TestPhoneNumber:
    async def test_is_answered_here(self) -> None:
        async with inhabited(World()) as world:
            assert says(await check_number(world.settings()), Outcome.OK, "+1***42")

    @pytest.mark.parametrize(
        ("number", "words"),
        [
            ({"voice_url": "https://demo.twilio.com/welcome"}, ["another address", "phonegame twilio setup"]),
            ({"voice_url": ""}, ["nobody", "phonegame twilio setup"]),
            ({"voice_method": "GET"}, ["GET", "phonegame twilio setup"]),
            ({"voice_application_sid": "AP1"}, ["TwiML application"]),
            ({"trunk_sid": "TK1"}, ["SIP trunk"]),
            ({"phone_number": "+15551230043"}, ["no number of the account"]),
        ],
    )
    async def test_is_answered_elsewhere(self, number: dict[str, Any], words: list[str]) -> None:
        async with inhabited(World(number=number)) as world:
            assert says(await check_number(world.settings()), Outcome.FAULT, *words)

    async def test_is_written_for_people(self) -> None:
        async with inhabited(World()) as world:
            finding = await check_number(world.settings(TWILIO_PHONE_NUMBER="+1 (555) 123-0042"))
        assert says(finding, Outcome.OK, "+1***42")

    async def test_has_no_country(self) -> None:
        async with inhabited(World()) as world:
            finding = await check_number(world.settings(TWILIO_PHONE_NUMBER="(555) 123-0042"))
        assert says(finding, Outcome.FAULT, "TWILIO_PHONE_NUMBER", "country", "+12025550123")

    async def test_is_not_the_account_s(self) -> None:
        async with inhabited(World(has_number=False)) as world:
            assert says(await check_number(world.settings()), Outcome.FAULT, "no number of the account")

    async def test_cannot_be_looked_up(self) -> None:
        async with inhabited(World()) as world:
            finding = await check_number(world.settings(TWILIO_ACCOUNT_SID=""))
        assert says(finding, Outcome.NOT_CHECKED, "TWILIO_ACCOUNT_SID")


class TestClock:
    @pytest.mark.parametrize(
        ("now", "outcome", "words"),
        [
            (1_000_030, Outcome.OK, "right"),
            (1_000_090, Outcome.WARNING, "90 seconds fast"),
            (999_910, Outcome.WARNING, "90 seconds slow"),
            (1_004_000, Outcome.FAULT, "4000 seconds fast"),
        ],
    )
    async def test_is_compared_with_the_carrier_s(self, now: float, outcome: Outcome, words: str) -> None:
        date = email.utils.formatdate(1_000_000, usegmt=True).encode()
        async with inhabited(World(date=date)) as world:
            assert says(await check_clock(world.settings(), lambda: now), outcome, words)

    async def test_of_a_carrier_that_tells_no_time_is_not(self) -> None:
        async with inhabited(World(date=b"teatime")) as world:
            assert says(await check_clock(world.settings()), Outcome.NOT_CHECKED, "does not tell the time")


class TestDeepgram:
    async def test_takes_the_key(self) -> None:
        async with inhabited(World()) as world:
            assert says(await check_deepgram(world.settings()), Outcome.OK)

    async def test_refuses_it(self) -> None:
        async with inhabited(World(speech_status=401)) as world:
            assert says(await check_deepgram(world.settings()), Outcome.FAULT, "401", "DEEPGRAM_API_KEY")

    async def test_is_not_there(self) -> None:
        async with inhabited(World()) as world:
            finding = await check_deepgram(world.settings(DEEPGRAM_URL=f"ws://{nobody()}/v1/listen"))
        assert says(finding, Outcome.FAULT, "DEEPGRAM_URL", "phonegame speech")


class TestLocks:
    async def test_are_all_set(self) -> None:
        async with inhabited(World()) as world:
            (finding,) = check_locks(world.settings())
        assert says(finding, Outcome.OK)

    async def test_are_worth_little_where_they_can_be_guessed(self) -> None:
        (_, finding) = check_locks(
            World(url="http://127.0.0.1:5000").settings(game_keys="long-enough-for-anybody,short")
        )
        assert says(finding, Outcome.WARNING, "PHONEGAME_GAME_KEYS", "token_urlsafe")
        assert "short" not in finding.text

    def exposed(self, **values: Any) -> list[Finding]:
        world = World(url="http://127.0.0.1:5000")
        return check_locks(world.settings(public_url="https://example.com", operator_key="", **values))

    def test_a_missing_one_is_a_fault_where_the_server_can_be_reached(self) -> None:
        (finding,) = self.exposed()
        assert says(finding, Outcome.FAULT, "PHONEGAME_OPERATOR_KEY")

    def test_or_a_warning_where_the_operator_wants_it_so(self) -> None:
        (finding,) = self.exposed(insecure=True)
        assert says(finding, Outcome.WARNING, "PHONEGAME_OPERATOR_KEY", "PHONEGAME_INSECURE")

    def test_or_no_matter_where_only_this_machine_reaches_it(self) -> None:
        (finding,) = check_locks(World(url="http://127.0.0.1:5000").settings(operator_key=""))
        assert says(finding, Outcome.OK, "only this machine")
