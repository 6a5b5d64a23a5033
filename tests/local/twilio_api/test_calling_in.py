"""A phone that asks a voice webhook where its call goes, as `phonegame call` does."""

from __future__ import annotations

import pytest

from phonegame.local.phone import DialError, NoAnswerError, NoHandshakeError, RejectedError
from phonegame.local.phone.script import Keys
from phonegame.local.phone.scripted_call import Exit, Order, run_call
from phonegame.local.twilio_api import ACCOUNT_SID
from phonegame.local.twilio_api.calling_in import ANONYMOUS, ask_webhook
from tests.local.twilio_api.world import HANG_UP, STREAM, world


async def test_the_webhook_is_asked_signed_and_tells_where_the_stream_goes() -> None:
    async with world(pages={"/twiml": STREAM.replace("<Connect", "<Say>Hello.</Say><Connect")}) as here:
        connection = await ask_webhook(f"{here.customer.url}/twiml", "+12015550142")
        assert connection.url == here.customer.stream_url
    assert connection.said == ("Hello.",)
    assert connection.identity.parameters == {"token": "t1"}
    (form,) = here.customer.forms_of("/twiml")
    assert (form["From"], form["CallSid"]) == ("+12015550142", connection.identity.call_sid)
    assert form["AccountSid"] == connection.identity.account_sid == ACCOUNT_SID
    assert not here.customer.forged


async def test_a_call_goes_by_way_of_the_webhook(capsys: pytest.CaptureFixture[str]) -> None:
    async with world(pages={"/twiml": STREAM.replace("<Connect", "<Say>Hello.</Say><Connect")}) as here:
        order = Order(f"{here.customer.url}/twiml", [Keys("4")], stay=0, parameters={"more": "1"})
        assert await run_call(order) == Exit.AS_ASKED
    (start,) = here.customer.streams
    assert start["customParameters"] == {"token": "t1", "more": "1"}
    (form,) = here.customer.forms_of("/twiml")
    assert (start["callSid"], form["From"]) == (form["CallSid"], ANONYMOUS)
    assert "Twilio would say first, and this phone does not: Hello." in capsys.readouterr().out


async def test_another_token_signs_another_way() -> None:
    async with world(pages={"/twiml": STREAM}) as here:
        await ask_webhook(f"{here.customer.url}/twiml", auth_token="another")
    assert here.customer.forged == [f"{here.customer.url}/twiml"]


@pytest.mark.parametrize(
    ("page", "error", "words"),
    [
        ((403, "text/plain", "no"), RejectedError, "TWILIO_AUTH_TOKEN"),
        ((404, "text/plain", "no"), RejectedError, "usually /twiml"),
        ((200, "text/html", "<p>hello</p>"), NoHandshakeError, "Content-Type is text/html"),
        ("<Response><Say>We are closed.</Say></Response>", NoHandshakeError, "does not connect the call: We are"),
        (HANG_UP, NoHandshakeError, "does not connect the call"),
    ],
)
async def test_a_webhook_that_does_not_connect_is_explained(
    page: str | tuple[int, str, str], error: type[DialError], words: str
) -> None:
    async with world(pages={"/twiml": page}) as here:
        with pytest.raises(error, match=words):
            await ask_webhook(f"{here.customer.url}/twiml")


async def test_nobody_at_the_webhook() -> None:
    with pytest.raises(NoAnswerError, match="phonegame serve"):
        await ask_webhook("http://127.0.0.1:1/twiml")
