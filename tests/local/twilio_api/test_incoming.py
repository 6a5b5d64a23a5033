"""Calls that come in to the account's number, and the TwiML that the number's webhook gives."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing

from phonegame.local.phone import HungUpError, Quirks
from phonegame.local.twilio_api import Delivery
from phonegame.local.twilio_api.program import APOLOGY
from tests.local.twilio_api.world import CALLEE, HANG_UP, STREAM, World, words_in, world


def response(verbs: str) -> str:
    return f"<Response>{verbs}</Response>"


async def called(here: World) -> Any:
    """Calls, and listens until the other side has hung up."""
    async with here.carrier.dial_in(CALLEE) as handset:
        await handset.wait_ended()
    return here.carrier.calls[-1]


async def test_webhook_is_told_who_calls_while_it_rings() -> None:
    async with world() as here:
        call = await called(here)
    [form] = here.customer.forms_of("/twiml")
    assert (form["From"], form["To"], form["Direction"]) == (CALLEE, here.carrier.number, "inbound")
    assert (form["CallSid"], form["CallStatus"], form["FromCity"]) == (call.sid, "ringing", "")


async def test_verbs_run_from_top_to_bottom() -> None:
    verbs = "<Say>one two</Say><Pause length='2'/><Say loop='2'>three</Say>"
    async with world(pages={"/twiml": response(verbs)}) as here:
        call = await called(here)
    assert call.handset.told == ["one two", "three", "three"]
    assert words_in(bytes(call.handset.heard)) == ["one", "two", "three", "three"]
    assert (call.status, call.handset.ended_by) == ("completed", "carrier")


async def test_nothing_is_done_behind_hangup() -> None:
    async with world(pages={"/twiml": response("<Say>one</Say><Hangup/><Say>two</Say>")}) as here:
        assert (await called(here)).handset.told == ["one"]


@pytest.mark.parametrize(("reason", "status"), [("rejected", "no-answer"), ("busy", "busy")])
async def test_rejected_call_is_never_answered(reason: str, status: str) -> None:
    async with world(pages={"/twiml": response(f"<Reject reason='{reason}'/>")}) as here:
        call = await called(here)
    assert call.statuses == ["ringing", status]


async def test_pause_as_the_first_verb_keeps_the_call_unanswered() -> None:
    async with (
        world(pages={"/twiml": response("<Pause length='6000'/><Say>late</Say>")}) as here,
        here.carrier.dial_in(CALLEE),
    ):
        await here.carrier.wait_until(lambda: any(webhook.status for webhook in here.carrier.webhooks))
        await trio.testing.wait_all_tasks_blocked()
    assert here.carrier.calls[0].statuses == ["ringing", "no-answer"]


async def test_redirect_is_relative_to_its_document() -> None:
    pages = {
        "/twiml": response("<Redirect method='GET'>more?a=1&amp;b=2</Redirect>"),
        "/more": response("<Say>one</Say>"),
    }
    async with world(pages=pages) as here:
        call = await called(here)
    assert call.handset.told == ["one"]
    assert here.customer.forms_of("/more")[0].items() >= {"a": "1", "b": "2", "CallSid": call.sid}.items()
    assert here.customer.forged == []


# --- media streams ---


async def test_stream_has_the_calls_identity_and_parameters() -> None:
    async with world(pages={"/twiml": STREAM, "/after": HANG_UP}) as here, here.carrier.dial_in(CALLEE) as handset:
        await handset.wait_stream()
        await handset.key("4#")
        await here.carrier.wait_until(lambda: len(here.customer.streams) == 1)
        handset.hang_up()
        await handset.wait_ended()
    [start] = here.customer.streams
    call = here.carrier.calls[0]
    assert (start["callSid"], start["accountSid"]) == (call.sid, call.account_sid)
    assert start["customParameters"] == {"token": "t1"}
    assert [message["dtmf"]["digit"] for message in here.customer.heard if message["event"] == "dtmf"] == ["4", "#"]


async def test_action_says_what_follows_when_the_server_has_closed_the_stream() -> None:
    pages = {"/twiml": STREAM, "/after": response("<Say>goodbye</Say>")}
    async with world(pages=pages) as here, here.carrier.dial_in(CALLEE) as handset:
        await handset.wait_stream()
        here.customer.close_stream.set()
        assert await handset.wait_ended() == "carrier"
    assert handset.told == ["goodbye"]
    assert here.customer.forms_of("/after")[0]["CallStatus"] == "in-progress"
    assert here.alert_codes == []


async def test_without_an_action_the_next_verb_follows() -> None:
    page = response("<Connect><Stream url='{stream}'/></Connect><Say>goodbye</Say>")
    async with world(pages={"/twiml": page}) as here, here.carrier.dial_in(CALLEE) as handset:
        await handset.wait_stream()
        here.customer.close_stream.set()
        await handset.wait_ended()
    assert handset.told == ["goodbye"]


async def test_caller_who_hangs_up_is_asked_for_nothing_more() -> None:
    async with world(pages={"/twiml": STREAM}) as here:
        async with here.carrier.dial_in(CALLEE) as handset:
            await handset.wait_stream()
        call = here.carrier.calls[0]
        await call.closed.wait()
        assert (call.status, handset.ended_by) == ("completed", "person")
    assert here.customer.forms_of("/after") == []
    assert here.customer.heard[-1]["event"] == "stop"


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        ("url='http://127.0.0.1/twilio'", 31922),
        ("url='ws://example.invalid/twilio'", 31922),
        ("url='{stream}?token=1'", 31920),
        ("url='{stream}' track='both_tracks'", 31941),
        ("url='ws://127.0.0.1:9/twilio'", 31902),
        ("url='{stream}' colour='red'", 12200),
    ],
)
async def test_stream_that_twilio_would_not_open_is_an_alert(stream: str, code: int) -> None:
    page = response(f"<Connect action='/after'><Stream {stream}/></Connect>")
    async with world(pages={"/twiml": page, "/after": HANG_UP}) as here:
        here.customer.close_stream.set()
        await called(here)
    assert here.alert_codes == [code]
    assert len(here.customer.forms_of("/after")) == 1


async def test_refused_stream_is_told_by_its_callback_and_goes_on_with_the_action() -> None:
    page = response("<Connect action='/after'><Stream url='{stream}' name='s' statusCallback='/told'/></Connect>")
    async with world(pages={"/twiml": page, "/after": response("<Say>sorry</Say>")}) as here:
        here.customer.refuses_streams = True
        call = await called(here)
    [form] = here.customer.forms_of("/told")
    assert (form["StreamEvent"], form["StreamName"]) == ("stream-error", "s")
    assert "403" in form["StreamError"]
    assert (here.alert_codes, call.handset.told) == ([31920], ["sorry"])


async def test_stream_callback_tells_begin_and_end() -> None:
    page = response("<Connect><Stream url='{stream}' statusCallback='/told'/></Connect>")
    async with world(pages={"/twiml": page}) as here, here.carrier.dial_in(CALLEE) as handset:
        await handset.wait_stream()
        here.customer.close_stream.set()
        await handset.wait_ended()
    assert [form["StreamEvent"] for form in here.customer.forms_of("/told")] == ["stream-started", "stream-stopped"]


async def test_server_that_closes_with_another_code_is_an_alert() -> None:
    async with world(pages={"/twiml": STREAM, "/after": HANG_UP}) as here, here.carrier.dial_in(CALLEE) as handset:
        here.customer.close_code = 1011
        here.customer.close_stream.set()
        await handset.wait_ended()
    assert here.alert_codes == [31921]


async def test_quirks_of_the_phone_are_those_of_the_stream() -> None:
    async with (
        world(pages={"/twiml": STREAM}, quirks=Quirks(starts=2)) as here,
        here.carrier.dial_in(CALLEE) as handset,
    ):
        await handset.wait_stream()
        while len(here.customer.streams) < 2:
            await handset.pause(0.02)
    assert here.customer.streams[0] == here.customer.streams[1]


async def test_speech_goes_on_in_the_stream_that_opens_meanwhile() -> None:
    async with world(pages={"/twiml": STREAM}) as here, here.carrier.dial_in(CALLEE) as handset:
        await handset.play(b"\x10" * 4000)
        assert handset.phone is not None
    assert handset.spoken == []


# --- keys ---

GATHER = "<Gather action='/keyed' {more}><Say>please key</Say></Gather><Say>nothing came</Say>"


@pytest.mark.parametrize(
    ("more", "keys", "expected"),
    [
        ("numDigits='2' timeout='500'", "42", {"Digits": "42"}),
        ("timeout='500'", "42#", {"Digits": "42", "FinishedOnKey": "#"}),
        ("finishOnKey='*' timeout='500'", "#4*", {"Digits": "#4", "FinishedOnKey": "*"}),
        ("timeout='30'", "42", {"Digits": "42"}),
        ("timeout='500'", "#7#", {"Digits": "7", "FinishedOnKey": "#"}),
    ],
    ids=["as-many-as-asked-for", "finished", "by-another-key", "until-nothing-comes", "an-empty-one-is-not-finished"],
)
async def test_gathered_keys_go_to_the_action(more: str, keys: str, expected: dict[str, str]) -> None:
    pages = {"/twiml": response(GATHER.format(more=more)), "/keyed": response("<Say>thanks</Say>")}
    async with world(pages=pages) as here, here.carrier.dial_in(CALLEE) as handset:
        await handset.wait_told("please key")
        try:
            await handset.key(keys)
            await handset.wait_ended()
        except HungUpError:
            await trio.lowlevel.checkpoint()
    [form] = here.customer.forms_of("/keyed")
    assert {name: form[name] for name in ("Digits", "FinishedOnKey") if name in form} == expected
    assert handset.told == ["please key", "thanks"]


async def test_speech_is_gathered_word_for_word() -> None:
    pages = {"/twiml": response(GATHER.format(more="input='dtmf speech' timeout='100'")), "/keyed": HANG_UP}
    async with world(pages=pages) as here, here.carrier.dial_in(CALLEE) as handset:
        await handset.wait_told("please key")
        await handset.say("forty two")
        await handset.wait_ended()
    [form] = here.customer.forms_of("/keyed")
    assert (form["SpeechResult"], form["Confidence"]) == ("forty two", "0.9")


async def test_where_nothing_is_keyed_the_next_verb_follows() -> None:
    async with world(pages={"/twiml": response(GATHER.format(more="timeout='1'"))}) as here:
        call = await called(here)
    assert call.handset.told == ["please key", "nothing came"]


async def test_empty_result_goes_to_the_action_where_that_is_asked_for() -> None:
    more = "timeout='1' actionOnEmptyResult='true'"
    async with world(pages={"/twiml": response(GATHER.format(more=more)), "/keyed": HANG_UP}) as here:
        await called(here)
    assert here.customer.forms_of("/keyed")[0]["Digits"] == ""


# --- documents that cannot be used ---


@pytest.mark.parametrize(
    ("page", "code"),
    [
        ((200, "text/xml", "<Response><Say>"), 12100),
        ((200, "text/xml", " <?xml version='1.0'?><Response/>"), 12100),
        ((200, "text/xml", "<Answer/>"), 12100),
        ((200, "application/json", "{}"), 12300),
        ((200, "text/html", "<Response/>"), 12300),
        ((500, "text/xml", "<Response/>"), 11200),
        ((403, "text/plain", "no"), 11200),
        ((200, "text/xml", "<Response>" + " " * 70_000 + "</Response>"), 11750),
        ((302, "text/plain", "/twiml"), 11215),
        ((302, "text/plain", "ftp://example.invalid"), 11100),
        ((302, "text/plain", "http://127.0.0.1:9/"), 11205),
    ],
)
async def test_page_that_cannot_be_used_ends_in_an_apology(page: tuple[int, str, str], code: int) -> None:
    async with world(pages={"/twiml": page}) as here:
        call = await called(here)
    assert here.alert_codes == [code]
    assert (call.handset.told, call.status) == ([APOLOGY], "completed")


async def test_fallback_is_asked_where_there_is_one() -> None:
    pages = {"/twiml": (500, "text/plain", ""), "/fallback": response("<Say>all is well</Say>")}
    async with world(pages=pages) as here:
        here.carrier.numbers[0].voice_fallback_url = f"{here.customer.url}/fallback"
        call = await called(here)
    assert call.handset.told == ["all is well"]
    form = here.customer.forms_of("/fallback")[0]
    assert (form["ErrorCode"], form["ErrorUrl"]) == ("11200", f"{here.customer.url}/twiml")


async def test_redirect_of_http_is_followed_and_signed_anew() -> None:
    async with world(pages={"/twiml": (302, "text/plain", "/other"), "/other": response("<Say>found</Say>")}) as here:
        call = await called(here)
    assert (call.handset.told, here.customer.forged) == (["found"], [])


@pytest.mark.parametrize(
    ("verbs", "told"),
    [
        ("<Dance/><Say>one</Say>", ["one"]),
        ("<Say colour='red'>one</Say>", ["one"]),
        ("<Say/>", []),
        ("<Say>one</Say><Reject/>", ["one"]),
        ("<Connect/>", []),
        ("<Pause length='-1'/>", []),
    ],
)
async def test_what_twilio_does_not_know_is_an_alert_and_left_out(verbs: str, told: list[str]) -> None:
    async with world(pages={"/twiml": response(verbs)}) as here:
        call = await called(here)
    assert set(here.alert_codes) == {12200}
    assert call.handset.told == told


async def test_play_is_not_played() -> None:
    async with world(pages={"/twiml": response("<Play>/clip.mp3</Play><Say>one</Say>")}) as here:
        call = await called(here)
    assert (here.alert_codes, call.handset.told) == ([0], ["one"])


# --- the number ---


@pytest.mark.parametrize("field", ["voice_application_sid", "trunk_sid"])
async def test_webhook_of_a_number_with_an_application_or_a_trunk_is_not_asked(field: str) -> None:
    async with world() as here:
        setattr(here.carrier.numbers[0], field, "AP1")
        await called(here)
    assert here.customer.forms == []


async def test_end_of_an_incoming_call_is_told_to_the_numbers_callback() -> None:
    async with world(deliveries={"completed": Delivery(copies=2)}) as here:
        here.carrier.numbers[0].status_callback = f"{here.customer.url}/status"
        call = await called(here)
        await call.closed.wait()
    assert here.reported == ["completed", "completed"]


async def test_error_of_the_block_comes_out_as_it_is() -> None:
    async with world() as here:
        with pytest.raises(KeyError, match="mine"):
            async with here.carrier.dial_in(CALLEE):
                raise KeyError("mine")
