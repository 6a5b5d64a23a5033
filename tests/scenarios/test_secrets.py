"""All secrets at once, at every door and by every command, while all goes well and while much fails: none is told."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
from click.testing import CliRunner

from phonegame.cli import main
from phonegame.local.game_client import GameUnreachableError, connect_game
from phonegame.local.phone import DialError, Identity, place_call
from phonegame.local.twilio_api import ACCOUNT_SID, AUTH_TOKEN, Answers
from phonegame.local.v1_client import Numbered, connect_v1
from phonegame.wire import v1
from tests.fake_rest import open_fake_rest
from tests.house import KEY, Caller, House, V1Game, open_house
from tests.http_client import FORM, basic, bearer, fetch, signed_form
from tests.raw_websocket import connect
from tests.scenarios.town import TO, open_town
from tests.twilio_side import CALLER, GAME_KEY, OPERATOR_KEY, TwilioSide, new_sid

pytestmark = pytest.mark.slow

API_KEY, API_SECRET, MODEL_KEY = "SK" + "7" * 32, "planted-api-secret", "planted-model-key"
SECRETS: dict[str, str] = {
    "TWILIO_API_KEY": API_KEY,
    "TWILIO_API_SECRET": API_SECRET,
    "PHONEGAME_GAME_KEYS": GAME_KEY,
    "PHONEGAME_OPERATOR_KEY": OPERATOR_KEY,
    "PHONEGAME_MODEL_KEY": MODEL_KEY,
    "PHONEGAME_MODEL": "openai:none",
    "PHONEGAME_MODEL_URL": "http://127.0.0.1:9/v1",
}
HOUSE: dict[str, Any] = {
    name.removeprefix("PHONEGAME_").lower() if name.startswith("PHONEGAME_") else name: value
    for name, value in SECRETS.items()
}
AT_DEBUG_LEVEL = "so far the log was at its fullest"
PATHS = (
    "/",
    "/call",
    "/twiml",
    "/twiml/after",
    "/twilio/status",
    "/twilio/amd",
    "/nowhere",
    "/game",
    "/asyncapi.json",
    "/openapi.json",
    "/healthz",
    "/readyz",
)


@pytest.fixture(autouse=True)
def _no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `.env` is there."""
    monkeypatch.chdir(tmp_path)


@dataclass
class Sweep:
    """Everything that was told to anybody."""

    house: House
    variables: Mapping[str, str]
    told: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=lambda: ["planted", AUTH_TOKEN, API_KEY, CALLER[2:], TO[2:]])

    async def knocks(self, token: str) -> None:
        """At every door, with every key that is right somewhere, and with wrong ones."""
        keys = (OPERATOR_KEY, GAME_KEY, MODEL_KEY)
        for path in PATHS:
            for method in ("GET", "POST", "PUT"):
                for header in (*map(bearer, keys), basic("me", OPERATOR_KEY), basic("me", API_SECRET)):
                    for kind in (FORM, ("Content-Type", "application/json")):
                        target = f"{path}?key={GAME_KEY}&token={token}"
                        await self.asks(method, target, [header, kind], f"to={TO}&code={token}".encode())
        for target in (f"/game?key={GAME_KEY}x", f"/game?k%65y={MODEL_KEY}", f"/nowhere?key={GAME_KEY}"):
            async with connect(self.house.address) as socket:
                self.told.append(str(await socket.upgrade(target)))

    async def asks(self, method: str, target: str, headers: list[tuple[str, str]], body: bytes = b"") -> None:
        answer = await fetch(self.house.address, method, target, headers, body)
        self.told.append(f"{answer.headers} {answer.text}")

    async def forges_webhooks(self) -> None:
        for path in ("/twiml", "/twiml/after", "/twilio/status", "/twilio/amd"):
            headers, body = signed_form(f"https://elsewhere.example{path}", {"From": CALLER, "To": TO}, "stolen")
            await self.asks("POST", path, headers, body)

    async def runs(self, *arguments: str, **variables: str) -> None:
        """A command, with the server's own settings."""
        runner = CliRunner(env={**self.variables, **SECRETS, "DEEPGRAM_API_KEY": KEY, **variables})
        result = await trio.to_thread.run_sync(partial(runner.invoke, main, arguments))
        self.told.append(f"{result.output} {result.stderr}")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception

    async def examines(self) -> None:
        """At the end, since it has no log."""
        logging.getLogger("tests").debug(AT_DEBUG_LEVEL)
        urls = {
            name: str(value) for name, value in self.house.phonegame.settings.model_dump().items() if "_url" in name
        }
        deepgram = {"DEEPGRAM_URL": urls["deepgram_url"], "DEEPGRAM_SPEAK_URL": urls["deepgram_speak_url"]}
        public = {"PHONEGAME_PUBLIC_URL": urls["public_url"], "PHONEGAME_VOICE": "none"}
        await self.runs("doctor", **deepgram, **public)
        await self.runs("doctor", "--json", **deepgram, **public)
        await self.runs("doctor", **deepgram, **public, TWILIO_API_SECRET="planted-wrong", DEEPGRAM_API_KEY="planted-w")


def assert_nothing_is_told(sweep: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    logged = "".join(capsys.readouterr())
    assert AT_DEBUG_LEVEL in logged
    everything = " ".join(sweep.told) + logged + " ".join(str(record.msg) for record in sweep.house.logged)
    assert [secret for secret in sweep.secrets if secret in everything] == []
    assert "Traceback" not in everything
    assert ACCOUNT_SID not in logged


@asynccontextmanager
async def swept_town(form: str) -> AsyncIterator[tuple[Sweep, Any]]:
    house = {**HOUSE, "log": form, "log_level": "debug"}
    async with open_town(Answers(rings=1), house=house, api_keys={API_KEY: API_SECRET}) as town:
        yield Sweep(town.house, town.variables), town


@asynccontextmanager
async def keyed_game(sweep: Sweep) -> AsyncIterator[V1Game]:
    """What it receives is told."""
    async with connect_v1(sweep.house.game_url, GAME_KEY) as client:
        game = V1Game(client)
        game.welcome = await game.gets(v1.Welcome)
        sweep.secrets.append(game.welcome.resume_token)
        yield game
        # its own welcome alone tells a game by what it may resume
        sweep.told += [str(message) for message in game.received if not isinstance(message, v1.Welcome)]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("form", ["text", "json"])
async def test_while_all_goes_well(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    async with swept_town(form) as (sweep, town):
        public_url = f"http://{town.house.twilio_address}"
        twilio, sid = TwilioSide(town.house.twilio_address, AUTH_TOKEN, public_url), new_sid()
        announced = await twilio.announces(sid)
        token = announced.parameters["token"]
        sweep.secrets.append(token)
        identity = Identity(call_sid=sid, parameters=announced.parameters)
        async with keyed_game(sweep) as game:
            async with place_call(announced.stream_url, identity=identity, auth_token=AUTH_TOKEN) as phone:
                caller = Caller(phone)
                await caller.joins(game)
                await caller.says("hello game")
                await game.hears("hello game")
                await game.client.send_text('{"type": "dial", "to": "' + "+19005551234" + '"}')
                sweep.told.append(str(await game.gets(v1.Error)))
            await game.gets(v1.CallEnded)
            await sweep.runs("dial", TO, "--code", game.code, "--server", public_url, "--key", "planted-wrong")
            await game.client.dial(TO)
            call, player = await town.answered()
            await game.joined()
            await player.says("yes please")
            await game.hears("yes please")
            call.handset.hang_up()
            await game.gets(v1.CallEnded)
        async with connect_v1(town.house.game_url, GAME_KEY, resume=game.ticket) as again:
            resumed = [await again.receive() for _ in range(2)]
            sweep.told += [str(each) for each in resumed if not isinstance(getattr(each, "message", 0), v1.Welcome)]
            sweep.secrets += [
                each.message.resume_token
                for each in resumed
                if isinstance(each, Numbered) and isinstance(each.message, v1.Welcome)
            ]
        with pytest.raises(GameUnreachableError) as refused:
            async with connect_game(town.house.game_url, f"{GAME_KEY}-wrong"):
                pass
        sweep.told.append(str(refused.value))
        await sweep.forges_webhooks()
        await sweep.knocks(token)
        await sweep.runs("twilio", "bin", PHONEGAME_PUBLIC_URL=public_url)
        await sweep.examines()
    assert_nothing_is_told(sweep, capsys)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("form", ["text", "json"])
async def test_while_deepgram_and_the_carrier_fail(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Both quote in their errors what they were sent, as servers and proxies do."""
    async with open_fake_rest() as rest:
        rest.answers(401, {"code": 20003, "message": f"{TO} {API_SECRET} {AUTH_TOKEN}", "status": 401})
        account: dict[str, Any] = {
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "TWILIO_API_URL": rest.url,
            "TWILIO_PHONE_NUMBER": "+12015550100",
        }
        locks = {"public_url": "https://phone.example", "dial_allow": "+1201", "dial_per_number": 50}
        refused = {"DEEPGRAM_API_KEY": "planted-wrong-key", "log": form, "log_level": "debug"}
        async with open_house(**{**HOUSE, **account, **locks, **refused}) as house:
            sweep = Sweep(house, {**account, "PHONEGAME_PUBLIC_URL": "https://phone.example"})
            twilio, sid = TwilioSide(house.twilio_address, AUTH_TOKEN), new_sid()
            announced = await twilio.announces(sid)
            sweep.secrets.append(announced.parameters["token"])
            with suppress(DialError):
                async with twilio.stream(sid, announced.parameters) as caller:
                    await caller.phone.wait_ended()
            async with keyed_game(sweep) as game:
                await game.client.dial(TO)
                await game.gets(v1.CallStatus)
                sweep.told.append(str(await game.gets(v1.CallStatus)))
            body = f'{{"to": "{TO}", "greeting": "hello"}}'.encode()
            for reply in (rest.replies[0].body, f"no JSON: {API_SECRET}", None):
                rest.answers(500 if reply else 200, reply)
                await sweep.asks("POST", "/call", [bearer(OPERATOR_KEY), ("Content-Type", "application/json")], body)
                await sweep.runs("dial", TO, "--server", f"http://{house.address}")
                await sweep.runs("twilio", "setup")
            for asked in rest.asked:
                if callback := asked.form.get("StatusCallback"):
                    # it may have been placed, and has failed
                    status = {"CallSid": new_sid(), "CallStatus": "failed", "From": CALLER, "To": TO}
                    await twilio.post(callback[0].removeprefix(twilio.public_url), status)
            await sweep.examines()
            assert "Deepgram cannot be used; the call ends" in house.events
    assert_nothing_is_told(sweep, capsys)
