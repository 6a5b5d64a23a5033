"""Calls that twilio's own library places."""

from __future__ import annotations

import pytest
import trio

from phonegame.local.twilio_api import (
    Answer,
    Answers,
    Busy,
    Declines,
    Delivery,
    Fails,
    Lost,
    Machine,
    NoAnswer,
    Timing,
    hang_up_at_once,
)
from tests.local.twilio_api.world import CALLEE, HANG_UP, STREAM, world


async def test_call_is_queued_when_created() -> None:
    async with world() as here:
        created = await here.dial()
        call = await here.carrier.call(0)
    assert (created.sid, created.status, created.direction) == (call.sid, "queued", "outbound-api")
    assert (created.to, created._from, created.date_created) == (CALLEE, here.carrier.number, None)


async def test_answered_call_goes_through_all_its_steps() -> None:
    async with world() as here:
        created = await here.dial_reported()
        call = await here.carrier.call(0)
        await call.closed.wait()
        fetched = await here.ask(here.client.calls(created.sid).fetch)
    assert call.statuses == ["queued", "ringing", "in-progress", "completed"]
    assert here.reported == ["initiated", "ringing", "in-progress", "completed"]
    assert (fetched.status, fetched.duration) == ("completed", "1")
    assert fetched.start_time is not None


async def test_every_request_is_signed_as_twilios_own_validator_wants_it() -> None:
    async with world(pages={"/twiml": STREAM, "/after": HANG_UP}) as here:
        await here.dial_reported(
            machine_detection="Enable",
            async_amd="true",
            async_amd_status_callback=here.customer.url + "/amd?dial=1%202",
        )
        call = await here.carrier.call(0)
        await call.handset.wait_stream()
        here.customer.close_stream.set()
        await call.closed.wait()
    assert here.customer.forged == []
    assert {path for path, _ in here.customer.forms} >= {"twiml", "after", "status"}
    assert all(webhook.status in (200, 204) for webhook in here.carrier.webhooks)


async def test_status_callbacks_have_twilios_fields() -> None:
    async with world() as here:
        await here.dial_reported()
        call = await here.carrier.call(0)
        await call.closed.wait()
    first, *_, last = here.customer.forms_of("/status")
    assert first.keys() >= {"AccountSid", "CallSid", "From", "To", "Direction", "ApiVersion", "Timestamp", "Called"}
    assert (first["SequenceNumber"], first["CallbackSource"]) == ("0", "call-progress-events")
    assert "CallDuration" not in first
    assert (last["SequenceNumber"], last["CallDuration"], last["Duration"], last["SipResponseCode"]) == (
        "3",
        "1",
        "1",
        "200",
    )


async def test_only_the_events_that_were_asked_for_are_told() -> None:
    async with world() as here:
        await here.dial(status_callback=f"{here.customer.url}/status")
        call = await here.carrier.call(0)
        await call.closed.wait()
    assert here.reported == ["completed"]


@pytest.mark.parametrize(
    ("answer", "status", "sip_code", "told"),
    [
        (Busy(), "busy", "486", ["initiated", "busy"]),
        (Busy(rings=1), "busy", "486", ["initiated", "ringing", "busy"]),
        (Declines(), "busy", "603", ["initiated", "ringing", "busy"]),
        (NoAnswer(), "no-answer", "487", ["initiated", "ringing", "no-answer"]),
        (Answers(rings=9), "no-answer", "487", ["initiated", "ringing", "no-answer"]),
        (Fails(), "failed", "404", ["initiated", "failed"]),
    ],
    ids=["busy", "busy-after-a-ring", "declines", "no-answer", "answers-too-late", "fails"],
)
async def test_call_that_is_not_answered(answer: Answer, status: str, sip_code: str, told: list[str]) -> None:
    async with world({CALLEE: answer}) as here:
        await here.dial_reported(timeout=5)
        call = await here.carrier.call(0)
        await call.closed.wait()
    assert call.status == status
    assert here.reported == told
    assert here.customer.forms_of("/status")[-1]["SipResponseCode"] == sip_code
    assert here.customer.forms_of("/twiml") == []


async def test_lost_call_stays_queued() -> None:
    async with world({CALLEE: Lost()}) as here:
        created = await here.dial_reported()
        await here.dial("+12015550199")
        await (await here.carrier.call(1)).closed.wait()
        assert (await here.ask(here.client.calls(created.sid).fetch)).status == "queued"
    assert here.reported == []


async def test_whoever_is_called_hangs_up() -> None:
    async with world({CALLEE: Answers(behave=hang_up_at_once)}, {"/twiml": STREAM}) as here:
        await here.dial()
        call = await here.carrier.call(0)
        assert await call.wait_over() == "completed"
    assert call.handset.ended_by == "person"


async def test_calls_leave_the_queue_one_after_the_other() -> None:
    slow = Timing(ring_seconds=1, between_calls=1000, hurry=50)
    async with world(timing=slow) as here:
        await here.dial()
        await here.dial()
        first, second = await here.carrier.call(0), await here.carrier.call(1)
        await first.closed.wait()
        assert second.statuses == ["queued"]


# --- what is told, and when ---


async def test_callback_out_of_order_keeps_its_place_in_the_sequence() -> None:
    async with world(deliveries={"ringing": Delivery(after="completed")}) as here:
        await here.dial_reported()
        await (await here.carrier.call(0)).closed.wait()
    assert here.reported == ["initiated", "in-progress", "completed", "ringing"]
    assert [form["SequenceNumber"] for form in here.customer.forms_of("/status")] == ["0", "2", "3", "1"]


async def test_callback_held_for_an_event_that_never_comes_is_told_at_the_end() -> None:
    async with world({CALLEE: Busy(rings=1)}, deliveries={"initiated": Delivery(after="answered")}) as here:
        await here.dial_reported()
        await (await here.carrier.call(0)).closed.wait()
    assert here.reported == ["ringing", "busy", "initiated"]


async def test_callbacks_twice_and_never() -> None:
    async with world(deliveries={"initiated": Delivery(copies=0), "answered": Delivery(copies=2)}) as here:
        await here.dial_reported()
        await (await here.carrier.call(0)).closed.wait()
    assert here.reported == ["ringing", "in-progress", "in-progress", "completed"]


async def test_callback_that_is_answered_with_an_error_is_an_alert() -> None:
    async with world(pages={"/status": (500, "text/plain", "")}) as here:
        await here.dial(status_callback=f"{here.customer.url}/status")
        await (await here.carrier.call(0)).closed.wait()
    assert here.alert_codes == [15003]


async def test_twiml_may_be_asked_for_before_the_call_is_created_for_the_client() -> None:
    async with world({CALLEE: Answers()}, {"/twiml": STREAM}, created_after="in-progress") as here:
        created = await here.dial()
        assert (created.status, here.carrier.calls[0].status) == ("queued", "in-progress")


async def test_twiml_that_is_never_asked_for_leaves_dead_air() -> None:
    async with world({CALLEE: Answers()}, deliveries={"voice": Delivery(copies=0)}) as here:
        await here.dial()
        call = await here.carrier.call(0)
        await call.wait_status("in-progress")
        call.handset.hang_up()
        assert await call.wait_over() == "completed"
    assert here.customer.forms == []


async def test_twiml_is_asked_for_twice() -> None:
    async with world(deliveries={"voice": Delivery(copies=2)}) as here:
        await here.dial()
        await (await here.carrier.call(0)).closed.wait()
    first, second = here.customer.forms_of("/twiml")
    assert first == second


# --- answering machines ---


@pytest.mark.parametrize(
    ("answer", "mode", "expected"),
    [
        (Answers(), "Enable", "human"),
        (Machine("hello"), "Enable", "machine_start"),
        (Machine("hello"), "DetectMessageEnd", "machine_end_beep"),
        (Machine("hello", ends="silence"), "DetectMessageEnd", "machine_end_silence"),
        (Answers(answered_by="fax"), "DetectMessageEnd", "fax"),
        (Answers(detected_after=9), "Enable", "unknown"),
    ],
    ids=["human", "start", "beep", "silence", "fax", "too-late"],
)
async def test_machine_detection_is_told_beside_the_call(answer: Answer, mode: str, expected: str) -> None:
    async with world({CALLEE: answer}, {"/twiml": "<Response><Pause length='600'/></Response>"}) as here:
        created = await here.dial(
            machine_detection=mode,
            machine_detection_timeout=5,
            async_amd="true",
            async_amd_status_callback=f"{here.customer.url}/amd",
        )
        await here.carrier.wait_until(lambda: any(webhook.status for webhook in here.webhooks("amd")))
        fetched = await here.ask(here.client.calls(created.sid).fetch)
    [form] = here.customer.forms_of("/amd")
    assert (form["AnsweredBy"], form["CallSid"], fetched.answered_by) == (expected, created.sid, expected)
    assert form["MachineDetectionDuration"].isdecimal()


async def test_machine_detection_holds_the_twiml_up_unless_told_otherwise() -> None:
    async with world({CALLEE: Machine("hello")}) as here:
        await here.dial(machine_detection="Enable")
        await (await here.carrier.call(0)).closed.wait()
    [form] = here.customer.forms_of("/twiml")
    assert form["AnsweredBy"] == "machine_start"


async def test_digits_to_be_sent_switch_machine_detection_off() -> None:
    async with world({CALLEE: Machine("hello")}) as here:
        await here.dial(machine_detection="Enable", send_digits="ww12")
        await (await here.carrier.call(0)).closed.wait()
    assert "AnsweredBy" not in here.customer.forms_of("/twiml")[0]


async def test_greeting_of_a_machine_goes_by_the_stream() -> None:
    async with world({CALLEE: Machine("leave a message", rings=1)}, {"/twiml": STREAM}) as here:
        await here.dial()
        call = await here.carrier.call(0)
        await call.handset.wait_stream()
        await call.handset.greeted.wait()
        assert here.customer.streams[0]["callSid"] == call.sid


# --- a live call ---


async def test_completed_ends_a_call_with_a_stream_in_order() -> None:
    async with world(pages={"/twiml": STREAM}) as here:
        created = await here.dial_reported()
        call = await here.carrier.call(0)
        await call.handset.wait_stream()
        updated = await here.ask(here.client.calls(created.sid).update, status="completed")
        await call.closed.wait()
    assert updated.sid == created.sid
    assert (call.status, call.handset.ended_by, here.reported[-1]) == ("completed", "carrier", "completed")
    assert here.customer.heard[-1]["event"] == "stop"


async def test_ringing_call_is_canceled() -> None:
    async with world({CALLEE: NoAnswer()}) as here:
        created = await here.dial_reported(timeout=600)
        call = await here.carrier.call(0)
        await call.wait_status("ringing")
        await here.ask(here.client.calls(created.sid).update, status="canceled")
        await call.closed.wait()
    assert here.reported == ["initiated", "ringing", "canceled"]


async def test_call_that_is_canceled_in_the_queue_is_never_told_of() -> None:
    async with world(timing=Timing(between_calls=10_000, hurry=50)) as here:
        await here.dial()
        created = await here.dial_reported()
        updated = await here.ask(here.client.calls(created.sid).update, status="canceled")
        assert (updated.status, here.reported) == ("canceled", [])


async def test_new_twiml_ends_the_stream_and_is_followed() -> None:
    async with world(pages={"/twiml": STREAM, "/next": "<Response><Say>next page</Say></Response>"}) as here:
        created = await here.dial()
        call = await here.carrier.call(0)
        await call.handset.wait_stream()
        await here.ask(here.client.calls(created.sid).update, url=f"{here.customer.url}/next", method="POST")
        await call.closed.wait()
    assert call.handset.told == ["next page"]
    assert here.customer.forms_of("/after") == []


async def test_inline_twiml_replaces_what_runs() -> None:
    async with world() as here:
        created = await here.dial(twiml="<Response><Pause length='600'/></Response>")
        call = await here.carrier.call(0)
        await call.wait_status("in-progress")
        await here.ask(here.client.calls(created.sid).update, twiml="<Response><Say>bye</Say></Response>")
        await call.closed.wait()
    assert call.handset.told == ["bye"]


async def test_time_limit_ends_a_call() -> None:
    async with world() as here:
        await here.dial(twiml="<Response><Pause length='6000'/></Response>", time_limit=5)
        call = await here.carrier.call(0)
        with trio.fail_after(5):
            assert await call.wait_over() == "completed"
