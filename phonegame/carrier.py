"""The telephone company: Twilio's REST API, or whatever answers at TWILIO_API_URL in its place.

Twilio's library blocks, so it works in threads; its own time limits end them. Its errors become ours here: they quote
numbers and addresses, so that only their code is told on. Sources: Twilio's documentation, "Call resource",
"IncomingPhoneNumber resource", "Errors and warnings dictionary".
"""

from __future__ import annotations

import json
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import trio
from pydantic import SecretStr

from phonegame.settings import NO_NUMBER
from phonegame.twilio.numbers import known_number

if TYPE_CHECKING:
    from twilio.base.exceptions import TwilioException
    from twilio.rest import Client

REQUEST_SECONDS = 10
"""The carrier's answer takes tenths of one."""
THREADS = 4
"""Requests at once. One that gets no answer must not keep another phone from being hung up."""
MOST_NUMBERS = 50
"""Of those that match: Twilio's filter takes parts of a number, too."""
NO_COUNTRY = "is no phone number with its country"
WITH_COUNTRY = "write it as +12025550123, or +1 (202) 555-0123"

T = TypeVar("T")

_WORDS = {
    20003: "it does not accept the account's credentials; check TWILIO_ACCOUNT_SID and its token or API key",
    20404: "it knows no such call, or number, in this account",
    20429: "it has been sent too many requests at once; try again later",
    21210: "the account may not call from TWILIO_PHONE_NUMBER; it must be bought, or verified, in Twilio's console",
    21211: "it does not accept the number to call",
    21212: "it does not accept TWILIO_PHONE_NUMBER as the number to call from",
    21214: "the number to call cannot be reached",
    21215: "the account may not call that country; allow it in Twilio's console, Voice, Geo permissions",
    21216: "the account may not call that number: it is blocked",
    21217: "it does not accept the number to call",
    21219: "a trial account calls verified numbers only; verify it in Twilio's console",
}
_NO_LONGER_THERE = frozenset([20404, 21220])
"""There is no call any more that could be hung up."""


class CarrierError(Exception):
    """The carrier does not do what it was asked for. The text says why, without numbers or secrets."""


class CarrierUnclear(CarrierError):
    """Nobody knows whether it does. Do not ask again: a phone may ring twice."""


class CarrierRefused(CarrierError):
    """`code`: Twilio's, or the HTTP status where there is none."""

    def __init__(self, code: int) -> None:
        words = _WORDS.get(code, f"its error {code} is explained at https://www.twilio.com/docs/errors/{code}")
        super().__init__(f"the carrier refuses: {words}")
        self.code = code


class CarrierSettings(Protocol):
    """Fields of `Settings`."""

    @property
    def twilio_account_sid(self) -> str: ...
    @property
    def twilio_auth_token(self) -> SecretStr: ...
    @property
    def twilio_api_key(self) -> str: ...
    @property
    def twilio_api_secret(self) -> SecretStr: ...
    @property
    def twilio_api_url(self) -> str: ...
    @property
    def twilio_phone_number(self) -> str: ...
    @property
    def public_url(self) -> str: ...
    @property
    def ring_seconds(self) -> int: ...
    @property
    def call_seconds(self) -> int: ...


@dataclass(frozen=True, slots=True)
class CarrierNumber:
    """A number of the account, and who answers its calls. `overridden_by`: what makes `voice_url` go unused."""

    sid: str
    number: str
    voice_url: str
    voice_method: str
    overridden_by: str | None = None


class Carrier:
    """Of one account. Every method raises `CarrierError`, and waits for `REQUEST_SECONDS` or a little longer."""

    def __init__(self, settings: CarrierSettings) -> None:
        self._settings = settings
        self._limiter = trio.CapacityLimiter(THREADS)

    @staticmethod
    def is_set_up(settings: CarrierSettings) -> bool:
        """Whether it can be asked: an account, a way to show that it is ours, and an address to be called back."""
        secret = settings.twilio_auth_token.get_secret_value() or settings.twilio_api_secret.get_secret_value()
        return bool(settings.twilio_account_sid and secret and settings.public_url)

    @staticmethod
    def why_no_calls(settings: CarrierSettings) -> str:
        """What keeps calls from being placed, and what to do about it; "" where nothing does."""
        if not Carrier.is_set_up(settings) or settings.twilio_phone_number == NO_NUMBER:
            return (
                "this server places no calls before TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN (or an API key), "
                "TWILIO_PHONE_NUMBER and PHONEGAME_PUBLIC_URL are set"
            )
        if known_number(settings.twilio_phone_number) is None:
            return f"calls cannot come from TWILIO_PHONE_NUMBER, which {NO_COUNTRY}; {WITH_COUNTRY}"
        return ""

    async def place(self, to: str, call_id: str, *, detect_machine: bool) -> str:
        """Rings up `to`; gives the carrier's id of the call, which is queued by then, and no more.

        All that becomes of the call is told to our webhooks, which find it by `call_id`, perhaps before this returns.
        """
        fields: dict[str, Any] = {
            "to": to,
            # it is written for people; what is none, Twilio refuses with words of its own
            "from_": known_number(self._settings.twilio_phone_number) or self._settings.twilio_phone_number,
            "url": self._webhook("/twiml", call_id),
            "method": "POST",
            "status_callback": self._webhook("/twilio/status", call_id),
            "status_callback_event": ["initiated", "ringing", "answered", "completed"],
            "status_callback_method": "POST",
            "timeout": self._settings.ring_seconds,
            "time_limit": self._settings.call_seconds,
        }
        if detect_machine:
            fields |= {
                "machine_detection": "DetectMessageEnd",
                "async_amd": "true",
                "async_amd_status_callback": self._webhook("/twilio/amd", call_id),
                "async_amd_status_callback_method": "POST",
            }
        call_sid = await self._ask(lambda client: client.calls.create(**fields).sid)
        if not isinstance(call_sid, str) or not call_sid:
            raise CarrierUnclear("the carrier's answer names no call")
        return call_sid

    async def hang_up(self, call_sid: str) -> None:
        """In whatever state it is. A call that is over already counts as hung up."""
        try:
            await self.update(call_sid, status="completed")
        except CarrierRefused as error:
            if error.code not in _NO_LONGER_THERE:
                raise

    async def update(self, call_sid: str, **changes: str) -> None:
        """`status`, or `twiml` that is to be followed from now on: see Twilio's "Update a Call resource"."""
        await self._ask(lambda client: client.calls(call_sid).update(**changes))

    async def find_number(self, number: str) -> CarrierNumber | None:
        """None: the account does not have it."""
        find = partial(_find_number, number)
        return await self._ask(find)

    async def set_webhook(self, number_sid: str, url: str) -> CarrierNumber:
        """Calls to the number are answered there, by POST."""
        return await self._ask(
            lambda client: _number(client.incoming_phone_numbers(number_sid).update(voice_url=url, voice_method="POST"))
        )

    def _webhook(self, path: str, call_id: str) -> str:
        return f"{self._settings.public_url}{path}?call={call_id}"

    async def _ask(self, request: Callable[[Client], T]) -> T:
        """A time-out abandons the thread, which ends by itself."""
        return await trio.to_thread.run_sync(self._request, request, abandon_on_cancel=True, limiter=self._limiter)

    def _request(self, request: Callable[[Client], T]) -> T:
        """In a thread. Nothing is ever asked twice."""
        import requests
        from twilio.base.exceptions import TwilioException

        try:
            return request(self._client())
        except TwilioException as error:
            raise _refused(error) from None
        except requests.RequestException as error:
            if _never_arrived(error):
                raise CarrierError(f"the carrier cannot be reached at {self._settings.twilio_api_url}") from None
            raise CarrierUnclear("the connection to the carrier has failed before its answer") from None
        except (ValueError, TypeError, KeyError, AttributeError):
            # from the library, where the answer is none of the API's
            raise CarrierUnclear("the carrier's answer makes no sense") from None

    def _client(self) -> Client:
        """One for each request: the library's session is not meant for several threads. It reads no environment."""
        from twilio.http.http_client import TwilioHttpClient
        from twilio.rest import Client

        settings = self._settings
        secret = settings.twilio_api_secret.get_secret_value() or settings.twilio_auth_token.get_secret_value()
        client = Client(
            settings.twilio_api_key or settings.twilio_account_sid,
            secret,
            settings.twilio_account_sid,
            http_client=TwilioHttpClient(pool_connections=False, timeout=REQUEST_SECONDS, logger=_silent),
            environment={"": ""},
        )
        client.api.base_url = settings.twilio_api_url
        return client


_silent = logging.Logger("twilio", logging.CRITICAL)  # noqa: LOG001 - it belongs to nobody
"""The library's own logs addresses, with ids of accounts and calls in them."""


def _find_number(number: str, client: Client) -> CarrierNumber | None:
    found = client.incoming_phone_numbers.list(phone_number=number, limit=MOST_NUMBERS)
    return next((_number(each) for each in found if each.phone_number == number), None)


def _number(resource: Any) -> CarrierNumber:
    overriding = {"a TwiML application": resource.voice_application_sid, "a SIP trunk": resource.trunk_sid}
    return CarrierNumber(
        sid=resource.sid,
        number=resource.phone_number,
        voice_url=resource.voice_url or "",
        voice_method=resource.voice_method or "POST",
        overridden_by=next((name for name, sid in overriding.items() if sid), None),
    )


def _refused(error: TwilioException) -> CarrierError:
    status, code = _status_and_code(error)
    if status is not None and 400 <= status < 500:
        return CarrierRefused(code if code is not None else status)
    if status is None or status < 500:
        return CarrierUnclear("the carrier's answer makes no sense")
    # the call may have been placed all the same
    return CarrierUnclear(f"the carrier has failed with HTTP status {status}")


def _status_and_code(error: TwilioException) -> tuple[int | None, int | None]:
    """The error of a list has the answer in it, as it came; those of all else have read it."""
    from twilio.http.response import Response

    response = error.args[-1] if error.args else None
    if isinstance(response, Response):
        return _whole(response.status_code), _code_in(response.text)
    details = vars(error)
    return _whole(details.get("status")), _whole(details.get("code"))


def _code_in(text: str) -> int | None:
    try:
        problem = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _whole(problem.get("code")) if isinstance(problem, dict) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _never_arrived(error: Exception) -> bool:
    """Whether the request cannot have reached the carrier."""
    from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError, SSLError

    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, SSLError):
        return bool(reason.args) and isinstance(reason.args[0], ssl.SSLCertVerificationError)
    return isinstance(reason, NewConnectionError | NameResolutionError | ConnectTimeoutError)
