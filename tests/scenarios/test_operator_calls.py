"""The operator's calls, and a number that is pointed at the server: by page, by command, against the local carrier."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import trio
from click.testing import CliRunner, Result

from phonegame.cli import main
from phonegame.local.twilio_api import Answers, Busy
from phonegame.local.twilio_api.orders import Inline, Order
from phonegame.wire import v1
from tests.house import Caller
from tests.scenarios.town import TO, Town, open_town

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("form", [True, False], ids=["form", "json"])
async def test_a_call_is_patched_straight_into_the_game_behind_its_greeting(form: bool) -> None:
    async with open_town(Answers(rings=1)) as town, town.house.v1_game() as game:
        order = {"to": TO, "code": game.code, "greeting": "Hello & welcome."}
        data, json = (order, None) if form else (None, order)
        answer = await town.asks("POST", "/call", data=data, json=json)
        call = await town.carrier.call(0)
        assert (answer.status_code, answer.json()) == (200, {"callSid": call.sid})
        assert (await game.joined()).direction == "outgoing"
        assert call.handset.told == ["Hello & welcome."]


async def test_without_a_code_whoever_answers_is_asked_for_it() -> None:
    async with open_town(Answers(rings=1)) as town, town.house.v1_game() as game:
        await town.asks("POST", "/call", json={"to": TO})
        call, player = await town.answered()
        await player.reaches("code")
        await call.handset.key(f"{game.code}#")
        await game.joined()
        assert call.order.detection is None


@pytest.mark.parametrize("greeting", ["", "Hello."])
async def test_where_no_voice_of_ours_can_ask_for_it_twilio_does(greeting: str) -> None:
    async with open_town(Answers(rings=1), house={"voice": "none"}) as town:
        await town.asks("POST", "/call", json={"to": TO, "greeting": greeting})
        call, _ = await town.answered()
        assert call.handset.told == [f"{greeting} Welcome. Please say the code that you see on the screen.".strip()]
        call.handset.hang_up()


async def test_a_link_places_no_call() -> None:
    async with open_town() as town:
        for method in ("GET", "HEAD"):
            answer = await town.asks(method, "/call", params={"to": TO})
            assert answer.status_code == 405
        assert len(town.carrier.requests) == 0


async def test_the_page_s_form_places_a_call() -> None:
    async with open_town(Answers(rings=1)) as town, town.house.v1_game() as game:
        page = await town.asks("GET", "/")
        assert '<form id="dial-form" method="post" action="call">' in page.text
        form = {"to": "+1 (201) 555-0101", "code": game.code, "greeting": ""}
        answer = await town.asks("POST", "/call", data=form, accept="text/html,application/xhtml+xml,*/*;q=0.8")
        assert answer.status_code == 200
        await game.joined()
        assert town.carrier.calls[0].sid in answer.text


@pytest.fixture(autouse=True)
def _no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `.env` is there."""
    monkeypatch.chdir(tmp_path)


async def run(town: Town, *arguments: str, **variables: str) -> Result:
    """With the server's own settings."""
    runner = CliRunner(env={**town.variables, **variables})
    return await trio.to_thread.run_sync(partial(runner.invoke, main, arguments))


async def test_dial_shows_what_becomes_of_the_call() -> None:
    async with open_town(Busy(rings=1)) as town:
        result = await run(town, "dial", TO)
    assert result.exit_code == 1
    assert result.output.splitlines()[0] == f"calling, {town.carrier.calls[0].sid}"
    assert result.output.splitlines()[-1] == "busy, 0 s"


async def test_setup_points_the_number_at_the_server() -> None:
    async with open_town(voice_url="https://old.example/voice") as town, town.house.v1_game() as game:
        url = f"http://{town.house.address}"
        result = await run(town, "twilio", "setup", PHONEGAME_PUBLIC_URL=url)
        assert result.output.splitlines() == [
            "Calls to +12015550100 are answered by",
            "  before: POST https://old.example/voice",
            f"  after:  POST {url}/twiml",
        ]
        async with town.carrier.dial_in(TO) as handset:
            await handset.wait_stream()
            await handset.key(f"{game.code}#")
            await game.joined()


async def test_setup_with_a_wrong_token_says_so() -> None:
    async with open_town() as town:
        url = f"http://{town.house.address}"
        result = await run(town, "twilio", "setup", PHONEGAME_PUBLIC_URL=url, TWILIO_AUTH_TOKEN="planted-wrong")
    assert result.exit_code == 1
    assert "it does not accept the account's credentials" in result.output
    assert "planted" not in result.output


async def test_what_bin_prints_leads_to_the_server() -> None:
    async with open_town() as town, town.house.v1_game() as game:
        url = f"http://{town.house.address}"
        result = await run(town, "twilio", "bin", PHONEGAME_PUBLIC_URL=url)
        town.carrier.place_nowait(Order(TO, town.carrier.number, Inline(result.output.strip())))
        call = await town.carrier.call(0)
        caller = Caller(await call.handset.wait_stream())
        await caller.phone.key(f"{game.code}#")
        await game.joined()


async def test_who_has_called_in_may_be_rung_back() -> None:
    async with open_town(Answers(rings=1), house={"dial_allow": ""}) as town, town.house.v1_game() as game:
        await game.client.dial(TO)
        assert (await game.gets(v1.Error)).rule == "dial_allow"
        async with town.carrier.dial_in(TO) as handset:
            await handset.wait_stream()
        await town.told_all()
        await game.client.dial(TO)
        assert (await game.joined()).direction == "outgoing"
