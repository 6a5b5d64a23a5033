"""The REST API as twilio's own library sees it."""

from __future__ import annotations

import email.utils
import time
from typing import Any

import pytest
import requests
import trio
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from phonegame.local.twilio_api import ACCOUNT_SID, AUTH_TOKEN, Answers, ApiError, ApiFault, Refused
from tests.local.twilio_api.world import CALLEE, World, world

KEY, SECRET = "SK" + "0" * 32, "key-secret"
GOOD = {"To": CALLEE, "From": "+12015550100", "Url": "http://127.0.0.1:9/twiml"}


async def ask_as(here: World, user: str, password: str) -> Any:
    """For the account, with other credentials."""
    http = TwilioHttpClient(timeout=5)
    client = Client(user, password, ACCOUNT_SID, http_client=http)
    client.api.base_url = here.carrier.url
    try:
        return await here.ask(client.api.accounts(ACCOUNT_SID).fetch)
    finally:
        assert http.session is not None
        http.session.close()


async def post(here: World, path: str, fields: dict[str, str] | list[tuple[str, str]]) -> tuple[int, Any]:
    url = f"{here.carrier.url}/2010-04-01/Accounts/{ACCOUNT_SID}/{path}"
    answer = await here.ask(
        requests.post, url, data=fields, auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5, headers={"Connection": "close"}
    )
    return answer.status_code, answer.json()


async def test_api_key_is_as_good_as_the_auth_token() -> None:
    async with world(api_keys={KEY: SECRET}) as here:
        assert (await ask_as(here, KEY, SECRET)).sid == ACCOUNT_SID


@pytest.mark.parametrize(("user", "password"), [(ACCOUNT_SID, "wrong"), (KEY, "wrong"), ("SKunknown", ""), (KEY, "")])
async def test_wrong_credentials_are_refused(user: str, password: str) -> None:
    async with world(api_keys={KEY: SECRET}) as here:
        with pytest.raises(TwilioRestException) as refused:
            await ask_as(here, user, password or " ")
    assert (refused.value.status, refused.value.code) == (401, 20003)


async def test_without_credentials_nobody_is_let_in() -> None:
    async with world() as here:
        answer = await here.ask(requests.get, here.carrier.url, timeout=5, headers={"Connection": "close"})
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"To": ""}, 21201),
        ({"From": ""}, 21213),
        ({"To": "12015550101"}, 21211),
        ({"To": "+1 201 555 0101"}, 21211),
        ({"To": "+12015550100"}, 21211),
        ({"From": "somebody"}, 21212),
        ({"From": "+12015550177"}, 21210),
        ({"Url": ""}, 21205),
        ({"Url": "twiml"}, 21205),
        ({"Url": "", "Twiml": "x" * 4001}, 20001),
        ({"Method": "PUT"}, 20001),
        ({"Timeout": "601"}, 21208),
        ({"SendDigits": "call me"}, 21206),
        ({"MachineDetection": "yes"}, 21207),
        ({"StatusCallback": "http://my_host.example/status"}, 21609),
        ({"StatusCallback": "http://host.example/", "StatusCallbackEvent": "initiated ringing"}, 21626),
    ],
)
async def test_wrong_order_is_refused_with_twilios_code(fields: dict[str, str], code: int) -> None:
    async with world() as here:
        status, body = await post(here, "Calls.json", {**GOOD, **fields})
        assert here.carrier.calls == []
    assert (status, body["status"], body["code"]) == (400, 400, code)
    assert body["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert body["message"]


async def test_refusal_reaches_the_client_with_code_and_text() -> None:
    async with world({CALLEE: Refused(21215)}) as here:
        with pytest.raises(TwilioRestException, match="international permissions") as refused:
            await here.dial()
    assert (refused.value.status, refused.value.code) == (400, 21215)


async def test_event_field_is_repeated_for_each_event() -> None:
    async with world() as here:
        events = [("StatusCallbackEvent", event) for event in ("initiated", "answered")]
        fields = [*GOOD.items(), ("StatusCallback", "http://127.0.0.1:9/"), *events]
        status, _ = await post(here, "Calls.json", fields)
        callback = here.carrier.calls[0].order.status
    assert status == 201
    assert callback is not None
    assert callback.events == {"initiated", "answered"}


async def test_call_that_is_over_cannot_be_ended_again() -> None:
    async with world() as here:
        created = await here.dial()
        await here.carrier.calls[0].closed.wait()
        with pytest.raises(TwilioRestException) as refused:
            await here.ask(here.client.calls(created.sid).update, status="completed")
    assert (refused.value.status, refused.value.code) == (400, 21220)


async def test_call_that_rings_cannot_be_redirected() -> None:
    async with world({CALLEE: Answers(rings=900)}, created_after="ringing") as here:
        created = await here.dial(timeout=600)
        with pytest.raises(TwilioRestException) as refused:
            await here.ask(here.client.calls(created.sid).update, twiml="<Response/>")
        assert here.carrier.calls[0].status == "ringing"
    assert refused.value.code == 21220


@pytest.mark.parametrize(
    "path", ["Calls/CA1.json", "Nothing.json", "IncomingPhoneNumbers/PN1.json", "Calls/CA1/Streams.json"]
)
async def test_what_is_not_there_is_not_found(path: str) -> None:
    async with world() as here:
        status, body = await post(here, path, {})
    assert (status, body["code"]) == (404, 20404)


async def test_calls_are_listed() -> None:
    async with world() as here:
        sids = [(await here.dial()).sid, (await here.dial()).sid]
        listed = await here.ask(here.client.calls.list)
    assert [call.sid for call in listed] == sids[::-1]


async def test_answers_tell_the_time() -> None:
    async with world() as here:
        answer = await here.ask(requests.get, f"{here.carrier.url}/", timeout=5)
        answer.close()
        told = email.utils.parsedate_to_datetime(answer.headers["Date"])
        assert abs(told.timestamp() - time.time()) < 60


async def test_account_is_there() -> None:
    async with world() as here:
        account = await here.ask(here.client.api.accounts(ACCOUNT_SID).fetch)
    assert account.status == "active"


# --- numbers ---


async def test_filter_of_numbers_is_partial() -> None:
    async with world(numbers=("+12015550100", "+12015550110", "+4930123456")) as here:
        found = await here.ask(here.client.incoming_phone_numbers.list, phone_number="20155501")
    assert [number.phone_number for number in found] == ["+12015550100", "+12015550110"]


async def test_number_is_pointed_at_another_webhook() -> None:
    async with world() as here:
        [number] = await here.ask(here.client.incoming_phone_numbers.list, phone_number=here.carrier.number)
        updated = await here.ask(number.update, voice_url="https://host.example/twiml", voice_method="GET")
    assert (updated.voice_url, updated.voice_method) == ("https://host.example/twiml", "GET")
    assert here.carrier.numbers[0].voice_url == "https://host.example/twiml"


async def test_number_is_not_pointed_at_nonsense() -> None:
    async with world() as here:
        [number] = await here.ask(here.client.incoming_phone_numbers.list)
        with pytest.raises(TwilioRestException) as refused:
            await here.ask(number.update, voice_url="twiml", voice_method="GET")
        assert here.carrier.numbers[0].voice_method == "POST"
    assert refused.value.code == 21502


# --- faults ---


@pytest.mark.parametrize("acts", [False, True])
async def test_request_that_is_never_answered(acts: bool) -> None:
    async with world() as here:
        here.carrier.api_faults.append(ApiFault(acts=acts))
        with pytest.raises(requests.exceptions.ConnectionError):
            await here.dial()
        assert len(here.carrier.calls) == acts
        assert here.carrier.requests[-1].status is None


async def test_error_of_a_gateway_has_no_code() -> None:
    async with world() as here:
        here.carrier.api_faults.append(ApiFault(ApiError(503, None, "Service Unavailable")))
        with pytest.raises(TwilioRestException) as failed:
            await here.dial()
        await here.dial()
    assert (failed.value.status, failed.value.msg) == (503, "Unable to create record: Service Unavailable")
    assert here.carrier.requests[0].content == {"message": "Service Unavailable", "status": 503}


async def test_requests_are_remembered() -> None:
    async with world() as here:
        await here.dial(send_digits="1")
    [request] = here.carrier.requests
    assert (request.method, request.path.rpartition("/")[2], request.status) == ("POST", "Calls.json", 201)
    assert ("SendDigits", "1") in request.form


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n" + b"x" * 99999, b"413"),
    ],
    ids=["no-http", "too-long"],
)
async def test_client_that_speaks_nonsense_is_told_so(sent: bytes, status: bytes) -> None:
    async with world() as here, await trio.open_tcp_stream("127.0.0.1", here.carrier.port) as stream:
        await stream.send_all(sent)
        assert (await stream.receive_some()).startswith(b"HTTP/1.1 " + status)


async def test_client_that_does_not_wait_for_its_answer_is_remembered() -> None:
    async with world() as here:
        here.carrier.api_faults.append(ApiFault(acts=True, late=3600))
        async with await trio.open_tcp_stream("127.0.0.1", here.carrier.port) as stream:
            await stream.send_all(b"GET /2010-04-01/Accounts.json HTTP/1.1\r\nHost: x\r\n\r\n")
        await here.carrier.wait_until(lambda: bool(here.carrier.requests))
        [request] = here.carrier.requests
    assert (request.method, request.status) == ("GET", None)
