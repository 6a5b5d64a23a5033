"""The carrier's client, Twilio's own library in it, against an API on loopback."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import pytest
import trio
from pydantic import SecretStr

from phonegame import carrier as carrier_module
from phonegame.carrier import Carrier, CarrierError, CarrierNumber, CarrierRefused, CarrierUnclear
from phonegame.settings import NO_NUMBER
from tests.fake_rest import FakeRest, Reply, open_fake_rest

ACCOUNT = "AC" + "0" * 32
KEY = "SK" + "0" * 32
CALL = "CA" + "0" * 32
TOKEN = "planted-auth-token"
SECRET = "planted-api-secret"
TO = "+12025550123"
FROM = "+12025550100"
CALLS = f"/2010-04-01/Accounts/{ACCOUNT}/Calls"
NUMBERS = f"/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers"


@dataclass(frozen=True)
class Values:
    twilio_api_url: str
    twilio_account_sid: str = ACCOUNT
    twilio_auth_token: SecretStr = field(default_factory=lambda: SecretStr(TOKEN))
    twilio_api_key: str = ""
    twilio_api_secret: SecretStr = field(default_factory=lambda: SecretStr(""))
    twilio_phone_number: str = FROM
    public_url: str = "https://game.example/path"
    ring_seconds: int = 25
    call_seconds: int = 1800


def carrier(rest: FakeRest) -> Carrier:
    return Carrier(Values(rest.url))


def problem(code: int, status: int = 400) -> dict[str, Any]:
    return {"code": code, "message": f"{TO} and {ACCOUNT}", "more_info": "https://twilio", "status": status}


def credentials(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


async def test_a_call_is_placed_with_all_that_leads_back_to_us() -> None:
    async with open_fake_rest() as rest:
        rest.answers(201, {"sid": CALL, "status": "queued"})
        assert await carrier(rest).place(TO, "id-1", detect_machine=True) == CALL
        (asked,) = rest.asked
        assert (asked.method, asked.path) == ("POST", f"{CALLS}.json")
        assert asked.headers["authorization"] == credentials(ACCOUNT, TOKEN)
        assert asked.form == {
            "To": [TO],
            "From": [FROM],
            "Url": ["https://game.example/path/twiml?call=id-1"],
            "Method": ["POST"],
            "StatusCallback": ["https://game.example/path/twilio/status?call=id-1"],
            "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
            "StatusCallbackMethod": ["POST"],
            "Timeout": ["25"],
            "TimeLimit": ["1800"],
            "MachineDetection": ["DetectMessageEnd"],
            "AsyncAmd": ["true"],
            "AsyncAmdStatusCallback": ["https://game.example/path/twilio/amd?call=id-1"],
            "AsyncAmdStatusCallbackMethod": ["POST"],
        }


async def test_a_number_that_is_written_for_people_calls_as_e164() -> None:
    async with open_fake_rest() as rest:
        rest.answers(201, {"sid": CALL})
        await Carrier(Values(rest.url, twilio_phone_number="+1 (202) 555-0100")).place(TO, "id", detect_machine=False)
        assert rest.asked[0].form["From"] == [FROM]


async def test_machines_are_listened_for_only_where_it_matters() -> None:
    async with open_fake_rest() as rest:
        rest.answers(201, {"sid": CALL})
        await carrier(rest).place(TO, "id-1", detect_machine=False)
        assert not {"MachineDetection", "AsyncAmd", "AsyncAmdStatusCallback"} & rest.asked[0].form.keys()


async def test_an_api_key_is_used_where_there_is_one() -> None:
    async with open_fake_rest() as rest:
        rest.answers(201, {"sid": CALL})
        values = Values(rest.url, twilio_api_key=KEY, twilio_api_secret=SecretStr(SECRET))
        await Carrier(values).place(TO, "id-1", detect_machine=False)
        assert rest.asked[0].path == f"{CALLS}.json"
        assert rest.asked[0].headers["authorization"] == credentials(KEY, SECRET)


async def test_the_librarys_own_environment_variables_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_REGION", "TWILIO_EDGE"):
        monkeypatch.setenv(name, "au1")
    async with open_fake_rest() as rest:
        rest.answers(201, {"sid": CALL})
        await carrier(rest).place(TO, "id-1", detect_machine=False)
        assert rest.asked[0].headers["authorization"] == credentials(ACCOUNT, TOKEN)


async def test_hanging_up_ends_the_call_in_whatever_state() -> None:
    async with open_fake_rest() as rest:
        rest.answers(200, {"sid": CALL})
        await carrier(rest).hang_up(CALL)
        assert rest.asked[0].path == f"{CALLS}/{CALL}.json"
        assert rest.asked[0].form == {"Status": ["completed"]}


@pytest.mark.parametrize(("status", "code"), [(400, 21220), (404, 20404)])
async def test_a_call_that_is_over_counts_as_hung_up(status: int, code: int) -> None:
    async with open_fake_rest() as rest:
        rest.answers(status, problem(code, status))
        await carrier(rest).hang_up(CALL)
        assert len(rest.asked) == 1


async def test_a_call_may_get_another_document() -> None:
    async with open_fake_rest() as rest:
        rest.answers(200, {"sid": CALL})
        await carrier(rest).update(CALL, twiml="<Response/>")
        assert rest.asked[0].form == {"Twiml": ["<Response/>"]}


# --- what goes wrong


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (401, 20003, "TWILIO_ACCOUNT_SID"),
        (400, 21219, "trial account"),
        (400, 21215, "Geo permissions"),
        (429, 20429, "too many requests"),
        (400, 21999, "docs/errors/21999"),
    ],
)
async def test_a_refusal_says_what_to_do_and_quotes_nothing(status: int, code: int, words: str) -> None:
    async with open_fake_rest() as rest:
        rest.answers(status, problem(code, status))
        with pytest.raises(CarrierRefused, match=words) as refused:
            await carrier(rest).place(TO, "id-1", detect_machine=False)
        assert refused.value.code == code
        assert not any(secret in repr(refused.value) for secret in (TO, ACCOUNT, TOKEN))
        assert refused.value.__cause__ is None
        assert len(rest.asked) == 1


async def test_a_refusal_that_is_no_json_has_its_status() -> None:
    async with open_fake_rest() as rest:
        rest.answers(403, "<html>no</html>")
        with pytest.raises(CarrierRefused) as refused:
            await carrier(rest).place(TO, "id-1", detect_machine=False)
        assert refused.value.code == 403


async def test_a_refusal_in_the_newer_shape_is_understood() -> None:
    async with open_fake_rest() as rest:
        body = {"type": "t", "title": "Too Many", "status": 429, "code": 20429}
        rest.answers(429, body)
        with pytest.raises(CarrierRefused, match="too many requests"):
            await carrier(rest).place(TO, "id-1", detect_machine=False)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(503, "busy"),
        Reply(500, problem(20500, 500)),
        Reply(201, "no JSON"),
        Reply(201, {}),
        Reply(201, "[]"),
        Reply(),
    ],
    ids=["503", "500", "no JSON", "no sid", "no object", "closed"],
)
async def test_where_nobody_knows_whether_the_phone_rings_nothing_is_asked_again(reply: Reply) -> None:
    async with open_fake_rest() as rest:
        rest.replies = [reply]
        with pytest.raises(CarrierUnclear):
            await carrier(rest).place(TO, "id-1", detect_machine=False)
        assert len(rest.asked) == 1


async def test_an_answer_that_does_not_come_leaves_it_unclear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrier_module, "REQUEST_SECONDS", 0.05)
    async with open_fake_rest() as rest:
        with pytest.raises(CarrierUnclear):
            await carrier(rest).place(TO, "id-1", detect_machine=False)
        assert len(rest.asked) == 1


async def test_a_carrier_that_is_not_there_has_placed_nothing() -> None:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    await listeners[0].aclose()
    with pytest.raises(CarrierError, match="cannot be reached") as unreachable:
        await Carrier(Values(f"http://127.0.0.1:{port}")).place(TO, "id-1", detect_machine=False)
    assert not isinstance(unreachable.value, CarrierUnclear)


async def test_one_that_does_not_answer_does_not_keep_another_call_from_being_hung_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(carrier_module, "REQUEST_SECONDS", 0.5)
    async with open_fake_rest() as rest:
        twilio = carrier(rest)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_unanswered, twilio)
            with trio.fail_after(5):  # noqa: ASYNC912 - it may have come already
                while not rest.asked:  # noqa: ASYNC110 - the request comes from a thread
                    await trio.sleep(0.001)
            rest.answers(200, {"sid": CALL})
            await twilio.hang_up(CALL)
            nursery.cancel_scope.cancel()


async def _unanswered(twilio: Carrier) -> None:
    with pytest.raises(CarrierUnclear):
        await twilio.place(TO, "id-1", detect_machine=False)


async def test_nothing_of_a_request_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    async with open_fake_rest() as rest:
        rest.answers(201, {"sid": CALL})
        await carrier(rest).place(TO, "id-1", detect_machine=False)
    assert not any(secret in caplog.text for secret in (TO, TOKEN, "2025550123"))


# --- the account's number


def number(text: str, **more: Any) -> dict[str, Any]:
    return {"sid": f"PN{text[-4:]}", "phone_number": text, "voice_url": "https://old", "voice_method": "GET", **more}


async def test_a_number_is_found_among_those_that_only_contain_it() -> None:
    async with open_fake_rest() as rest:
        rest.answers(200, {"incoming_phone_numbers": [number(FROM + "1"), number(FROM)], "next_page_uri": None})
        found = await carrier(rest).find_number(FROM)
        assert found == CarrierNumber("PN0100", FROM, "https://old", "GET")
        assert rest.asked[0].path == f"{NUMBERS}.json"
        assert rest.asked[0].query["PhoneNumber"] == [FROM]


async def test_a_number_of_somebody_elses_is_not_found() -> None:
    async with open_fake_rest() as rest:
        rest.answers(200, {"incoming_phone_numbers": [], "next_page_uri": None})
        assert await carrier(rest).find_number(FROM) is None


@pytest.mark.parametrize(
    ("name", "words"), [("voice_application_sid", "a TwiML application"), ("trunk_sid", "a SIP trunk")]
)
async def test_what_makes_a_webhook_go_unused_is_told(name: str, words: str) -> None:
    async with open_fake_rest() as rest:
        rest.answers(200, {"incoming_phone_numbers": [number(FROM, **{name: "X1"})], "next_page_uri": None})
        found = await carrier(rest).find_number(FROM)
        assert found is not None
        assert found.overridden_by == words


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(401, problem(20003, 401)), "credentials"),
        (Reply(429, problem(20429, 429)), "too many requests"),
        (Reply(403, "<html>no</html>"), "its error 403"),
        (Reply(404, "[]"), "its error 404"),
        (Reply(503, "busy"), "HTTP status 503"),
        (Reply(200, {"more": 1, "than": 2}), "makes no sense"),
        (Reply(200, "no JSON"), "makes no sense"),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Reply) else "",
)
async def test_what_stands_against_a_list_is_told_as_for_all_else(reply: Reply, words: str) -> None:
    async with open_fake_rest() as rest:
        rest.replies = [reply]
        with pytest.raises(CarrierError, match=words) as failed:
            await carrier(rest).find_number(FROM)
        assert isinstance(failed.value, CarrierRefused) == (400 <= reply.status < 500)
        assert not any(secret in repr(failed.value) for secret in (TO, ACCOUNT, TOKEN))


async def test_a_webhook_is_set() -> None:
    async with open_fake_rest() as rest:
        rest.answers(200, number(FROM) | {"voice_url": "https://game.example/twiml", "voice_method": "POST"})
        after = await carrier(rest).set_webhook("PN0100", "https://game.example/twiml")
        assert (after.voice_url, after.voice_method) == ("https://game.example/twiml", "POST")
        assert rest.asked[0].path == f"{NUMBERS}/PN0100.json"
        assert rest.asked[0].form == {"VoiceUrl": ["https://game.example/twiml"], "VoiceMethod": ["POST"]}


@pytest.mark.parametrize(
    ("more", "why_not"),
    [
        ({}, ""),
        ({"twilio_auth_token": SecretStr(""), "twilio_api_key": KEY, "twilio_api_secret": SecretStr(SECRET)}, ""),
        ({"twilio_phone_number": "+1 (202) 555-0100"}, ""),
        ({"twilio_auth_token": SecretStr("")}, "TWILIO_AUTH_TOKEN"),
        ({"twilio_account_sid": ""}, "TWILIO_ACCOUNT_SID"),
        ({"public_url": ""}, "PHONEGAME_PUBLIC_URL"),
        ({"twilio_phone_number": NO_NUMBER}, "TWILIO_PHONE_NUMBER and"),
        ({"twilio_phone_number": "(202) 555-0100"}, "TWILIO_PHONE_NUMBER, which is no phone number with its country"),
    ],
    ids=["token", "key", "for people", "no secret", "no account", "no address", "no number", "no country"],
)
def test_calls_can_be_placed_once_all_is_set(more: dict[str, Any], why_not: str) -> None:
    told = Carrier.why_no_calls(Values("http://127.0.0.1:1", **more))
    assert why_not in told
    assert bool(told) == bool(why_not)
