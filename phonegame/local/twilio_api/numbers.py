"""The IncomingPhoneNumbers resource: the account's numbers, and what happens with calls to them.

Source: Twilio's documentation, the IncomingPhoneNumber resource.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from phonegame.local.twilio_api.api_errors import ApiError
from phonegame.local.twilio_api.call import API_VERSION
from phonegame.local.twilio_api.fetch import Method
from phonegame.local.twilio_api.orders import Callback, Page

MAX_PAGE = 1000

_METHODS = {"VoiceMethod", "VoiceFallbackMethod", "StatusCallbackMethod"}
_FIELDS = {
    "VoiceUrl": "voice_url",
    "VoiceMethod": "voice_method",
    "VoiceFallbackUrl": "voice_fallback_url",
    "VoiceFallbackMethod": "voice_fallback_method",
    "VoiceApplicationSid": "voice_application_sid",
    "StatusCallback": "status_callback",
    "StatusCallbackMethod": "status_callback_method",
    "TrunkSid": "trunk_sid",
    "FriendlyName": "friendly_name",
}


@dataclass(slots=True)
class Number:
    """Names as in the API's JSON. With an application or a trunk, the voice webhook is not asked."""

    phone_number: str
    voice_url: str = ""
    voice_method: str = "POST"
    voice_fallback_url: str = ""
    voice_fallback_method: str = "POST"
    voice_application_sid: str = ""
    status_callback: str = ""
    status_callback_method: str = "POST"
    trunk_sid: str = ""
    friendly_name: str = ""
    sid: str = field(default_factory=lambda: "PN" + secrets.token_hex(16))

    @property
    def page(self) -> Page | None:
        """None: nobody is asked what happens with a call."""
        if not self.voice_url or self.voice_application_sid or self.trunk_sid:
            return None
        fallback = (
            Page(self.voice_fallback_url, _method(self.voice_fallback_method)) if self.voice_fallback_url else None
        )
        return Page(self.voice_url, _method(self.voice_method), fallback=fallback)

    @property
    def callback(self) -> Callback | None:
        return Callback(self.status_callback, _method(self.status_callback_method)) if self.status_callback else None

    def update(self, fields: Sequence[tuple[str, str]]) -> None:
        """Unknown fields are passed over. Raises ApiError, and has then changed nothing."""
        known = {name: value for name, value in fields if name in _FIELDS}
        for name in known.keys() & _METHODS:
            known[name] = known[name].upper()
            if known[name] not in ("GET", "POST"):
                raise ApiError(400, 20001, f"{name} is invalid: {known[name]}")
        for name in ("VoiceUrl", "VoiceFallbackUrl", "StatusCallback"):
            if (url := known.get(name)) and not url.startswith(("http://", "https://")):
                raise ApiError(400, 21502, f"{name} is not valid: {url}")
        for name, value in known.items():
            setattr(self, _FIELDS[name], value)

    def as_json(self, account_sid: str) -> dict[str, object]:
        return {
            "sid": self.sid,
            "account_sid": account_sid,
            "phone_number": self.phone_number,
            "friendly_name": self.friendly_name or self.phone_number,
            "voice_url": self.voice_url,
            "voice_method": self.voice_method,
            "voice_fallback_url": self.voice_fallback_url,
            "voice_fallback_method": self.voice_fallback_method,
            "voice_application_sid": self.voice_application_sid,
            "status_callback": self.status_callback,
            "status_callback_method": self.status_callback_method,
            "trunk_sid": self.trunk_sid or None,
            "capabilities": {"voice": True, "sms": False, "mms": False, "fax": False},
            "api_version": API_VERSION,
            "uri": f"/{API_VERSION}/Accounts/{account_sid}/IncomingPhoneNumbers/{self.sid}.json",
        }


def list_as_json(numbers: Sequence[Number], account_sid: str, fields: Sequence[tuple[str, str]]) -> dict[str, object]:
    """One page holds them all. The filter is partial: digits that stand somewhere in a number, `*` for any."""
    wanted = dict(fields).get("PhoneNumber", "")
    parts = [part for part in wanted.split("*") if part]
    found = [number for number in numbers if all(part in number.phone_number for part in parts)]
    path = f"/{API_VERSION}/Accounts/{account_sid}/IncomingPhoneNumbers.json"
    return {
        "incoming_phone_numbers": [number.as_json(account_sid) for number in found],
        "page": 0,
        "page_size": MAX_PAGE,
        "start": 0,
        "end": max(0, len(found) - 1),
        "first_page_uri": f"{path}?PageSize={MAX_PAGE}&Page=0",
        "next_page_uri": None,
        "previous_page_uri": None,
        "uri": f"{path}?PageSize={MAX_PAGE}&Page=0",
    }


def _method(name: str) -> Method:
    return "GET" if name == "GET" else "POST"
