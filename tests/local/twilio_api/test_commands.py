"""`phonegame carrier`, and `phonegame dial` against a server that takes `POST /call`."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
from click.testing import CliRunner, Result
from quart import Response, request
from quart_trio import QuartTrio

from phonegame import dial_command
from phonegame.dial_command import FAILED_LOOKS, dial
from phonegame.local.http_server import HttpRequest
from phonegame.local.twilio_api import ACCOUNT_SID, AUTH_TOKEN, Answer, ApiError, ApiFault, Busy, Lost, api_errors
from phonegame.local.twilio_api.command import carrier
from phonegame.local.twilio_api.rest import RestApi
from tests.hypercorn_server import config_for, serving
from tests.local.twilio_api.world import CALLEE, World, world

KEY = "planted-operator-key"
CARRIER = "import click; from phonegame.local.twilio_api.command import carrier; carrier()"


def order_page(here: World, orders: list[tuple[str, Any]], late: Sequence[ApiFault]) -> QuartTrio:
    """A phonegame that has nothing but `POST /call`."""
    app = QuartTrio(__name__)

    @app.post("/call")
    async def place() -> tuple[Any, int] | Response:
        order = await request.get_json()
        orders.append((request.headers.get("Authorization", ""), order))
        if order["to"] != CALLEE:
            return {"error": "not allowed: no prefix of PHONEGAME_DIAL_ALLOW fits", "rule": "prefix"}, 403
        sid = (await here.dial(order["to"])).sid
        here.carrier.api_faults.extend(late)
        return {"callSid": sid}, 200

    return app


async def run_dial(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    here: World,
    arguments: list[str],
    late: Sequence[ApiFault] = (),
    **variables: str,
) -> tuple[Result, list[tuple[str, Any]]]:
    """`late`: what becomes of the first requests to the REST API behind the order."""
    monkeypatch.chdir(folder)  # no .env there
    orders: list[tuple[str, Any]] = []
    async with serving(order_page(here, orders, late), config_for()) as port:
        env = {
            "PROXY_URL": f"127.0.0.1:{port}",
            "PHONEGAME_OPERATOR_KEY": KEY,
            "TWILIO_API_URL": here.carrier.url,
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            **variables,
        }
        result = await trio.to_thread.run_sync(partial(CliRunner(env=env).invoke, dial, arguments))
    return result, orders


async def test_dial_places_the_call_and_shows_its_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async with world() as here:
        arguments = [CALLEE, "--code", "42", "--greeting", "hello"]
        result, orders = await run_dial(monkeypatch, tmp_path, here, arguments)
        sid = here.carrier.calls[0].sid
    assert result.exit_code == 0, result.output
    assert orders == [(f"Bearer {KEY}", {"to": CALLEE, "code": "42", "greeting": "hello"})]
    assert result.output.splitlines()[0] == f"calling, {sid}"
    assert result.output.splitlines()[-1] == "completed, 1 s"


@pytest.mark.parametrize("answer", [Busy()])
async def test_call_that_is_not_answered_is_an_exit_status(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: Answer
) -> None:
    async with world({CALLEE: answer}) as here:
        result, _ = await run_dial(monkeypatch, tmp_path, here, [CALLEE])
    assert (result.exit_code, result.output.splitlines()[-1]) == (1, "busy, 0 s")


async def test_carrier_that_does_not_show_the_call_yet_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(dial_command, "LOOK_SECONDS", 0.01)
    async with world() as here:
        result, _ = await run_dial(monkeypatch, tmp_path, here, [CALLEE], late=[ApiFault(api_errors.not_found("/"))])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("status", [401, 404])
async def test_carrier_that_never_shows_the_call_is_told_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: int
) -> None:
    monkeypatch.setattr(dial_command, "LOOK_SECONDS", 0.01)
    fault = ApiFault(ApiError(status, 20000 + status, "It is not here."))
    async with world() as here:
        result, _ = await run_dial(monkeypatch, tmp_path, here, [CALLEE], late=[fault] * FAILED_LOOKS)
        left = len(here.carrier.api_faults)
    assert result.exit_code == 1
    assert "the call is placed" in result.output
    assert f"the carrier answers {status}: It is not here." in result.output
    assert left == (FAILED_LOOKS - 1 if status == 401 else 0)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no Ctrl-C for one process there")
async def test_ctrl_c_ends_the_showing_and_not_the_call(tmp_path: Path) -> None:
    async with (
        world({CALLEE: Lost()}, seconds=60) as here,
        serving(order_page(here, [], ()), config_for()) as port,
        trio.open_nursery() as nursery,
    ):
        env = {
            **os.environ,
            "PROXY_URL": f"127.0.0.1:{port}",
            "TWILIO_API_URL": here.carrier.url,
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "PYTHONUNBUFFERED": "1",
        }
        command = [sys.executable, "-m", "phonegame", "dial", CALLEE]
        run = partial(trio.run_process, command, stdout=subprocess.PIPE, check=False, env=env, cwd=tmp_path)
        process = await nursery.start(run)
        printed = ""
        while "queued" not in printed:
            printed += (await process.stdout.receive_some()).decode()
        process.send_signal(signal.SIGINT)
        while rest := await process.stdout.receive_some():
            printed += rest.decode()
        assert await process.wait() == 130
        assert "the call goes on" in printed
        assert not here.carrier.calls[0].is_over
        here.carrier.calls[0].hang_up_nowait()


async def test_refusal_is_shown_in_the_servers_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async with world() as here:
        result, _ = await run_dial(monkeypatch, tmp_path, here, ["+4930123456"])
    assert result.exit_code == 1
    assert "403: not allowed: no prefix" in result.output


async def test_without_an_account_the_call_is_placed_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with world() as here:
        result, _ = await run_dial(monkeypatch, tmp_path, here, [CALLEE], TWILIO_ACCOUNT_SID="")
        assert len(here.carrier.calls) == 1
    assert result.exit_code == 0
    assert "TWILIO_ACCOUNT_SID is not set here" in result.output


def test_dial_says_when_no_server_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner(env={"PROXY_URL": "127.0.0.1:9", "PHONEGAME_OPERATOR_KEY": KEY}).invoke(dial, [CALLEE])
    assert result.exit_code == 1
    assert "phonegame does not answer at http://127.0.0.1:9/call" in result.output
    assert KEY not in result.output


def test_dial_names_settings_that_are_wrong_and_shows_no_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner(env={"PHONEGAME_OPERATOR_KEY": "planted secret"}).invoke(dial, [CALLEE])
    assert result.exit_code == 1
    assert "PHONEGAME_OPERATOR_KEY" in result.output
    assert "planted" not in result.output


@pytest.mark.slow
async def test_carrier_prints_what_the_server_must_be_told_and_serves_there(tmp_path: Path) -> None:
    phones = tmp_path / "phones.toml"
    phones.write_text("['+493012345678']\nanswers = 'busy'", encoding="utf-8")
    options = ["--auth-token", "planted-token", "--number", "+1 (201) 555-0177", "--phones", str(phones)]
    command = [sys.executable, "-c", CARRIER, "--port", "0", *options]
    run = partial(trio.run_process, command, stdout=subprocess.PIPE, check=False)
    async with trio.open_nursery() as nursery:
        process = await nursery.start(run)
        printed = ""
        while "any other" not in printed:
            printed += (await process.stdout.receive_some()).decode()
        settings = dict(re.findall(r"^([A-Z_]+)=(.*)$", printed, re.MULTILINE))
        answer = await trio.to_thread.run_sync(_account, settings["TWILIO_API_URL"], settings["TWILIO_ACCOUNT_SID"])
        nursery.cancel_scope.cancel()
    assert answer["status"] == "active"
    assert settings["TWILIO_PHONE_NUMBER"] == "+12015550177"
    assert settings["PHONEGAME_DIAL_ALLOW"] == "+493012345678"
    assert "planted-token" not in printed


def _account(url: str, account_sid: str) -> Any:
    from twilio.http.http_client import TwilioHttpClient

    http = TwilioHttpClient(pool_connections=False, timeout=5)
    path = f"{url}/2010-04-01/Accounts/{account_sid}.json"
    return json.loads(http.request("GET", path, auth=(account_sid, "planted-token")).text)


def test_phones_that_are_wrong_are_named(tmp_path: Path) -> None:
    phones = tmp_path / "phones.toml"
    phones.write_text("['+1']\nanswers = 'sometimes'", encoding="utf-8")
    result = CliRunner().invoke(carrier, ["--phones", str(phones)])
    assert result.exit_code == 2
    assert "sometimes" in result.output


@pytest.mark.parametrize("number", ["555 0100", "0"])
def test_number_without_its_country_is_named(number: str) -> None:
    result = CliRunner(env={"TWILIO_PHONE_NUMBER": number}).invoke(carrier, [])
    assert result.exit_code == 2
    assert f"'{number}' is no phone number with its country" in result.output


async def test_credentials_that_are_no_basic_ones_are_none() -> None:
    async with world() as here:
        for value in ("Basic %%%", "Bearer x", "Basic /w=="):
            request = HttpRequest("GET", "/", "", {"authorization": value}, b"")
            assert (await RestApi(here.carrier).answer(request)).status == 401
