"""How the local carrier is set up, and what may go wrong with what it sends."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import trio

from phonegame.local.phone import Quirks
from phonegame.local.twilio_api.answers import Answer, Answers
from phonegame.local.voice_sign import signed
from phonegame.speak.espeak import ESpeakVoice

ACCOUNT_SID = "AC" + "0" * 31 + "1"
AUTH_TOKEN = "local-auth-token"  # noqa: S105 - of no account that there is
NUMBER = "+12015550100"
"""The account's number: of those that are kept for films and books, as are all that are made up here."""
KEPT = 2000
"""Of the newest calls, requests and alerts."""

Synthesise: TypeAlias = Callable[[str], Awaitable[bytes]]
"""A text -> mu-law. May raise SpeakError."""

Event: TypeAlias = Literal["initiated", "ringing", "answered", "completed", "amd", "voice", "action"]
"""What the carrier tells or asks: four steps of a call, the answering-machine detection, and the two kinds of TwiML
that it fetches: `voice` at the beginning and by `<Redirect>`, `action` at the end of a verb."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What becomes of a request of the carrier's.

    `copies` 0: it is lost; 2: it comes twice, and the first answer is thrown away. It comes `late` seconds too late,
    and those behind it with it; or alone and out of order, once the event `after` has been told, or else at the end.
    """

    copies: int = 1
    late: float = 0.0
    after: Event | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """Real seconds. With `hurry` all that the carrier does takes so many times less; media streams keep their pace."""

    ring_seconds: float = 6.0
    """From one ring to the next, as in North America."""
    between_calls: float = 1.0
    """Twilio begins one outgoing call a second for an account, and keeps the others queued."""
    hurry: float = 1.0

    async def sleep(self, seconds: float) -> None:
        await trio.sleep(self.shortened(seconds))

    def shortened(self, seconds: float) -> float:
        return seconds / self.hurry


async def speak_with_espeak(text: str) -> bytes:
    return signed(await ESpeakVoice().synthesise(text))


@dataclass(frozen=True, slots=True)
class CarrierConfig:
    """`port` 0: any free one. `api_keys`: SID -> secret, good beside the auth token. `voice_url`: of the numbers.

    `phones`: how those who are called answer; `otherwise`: everybody else. `created_after`: the answer to `POST Calls`
    is held back until the call has come so far: what Twilio sends may be faster. `keep_audio`: calls remember what was
    heard in them, for tests.
    """

    host: str = "127.0.0.1"
    port: int = 0
    account_sid: str = ACCOUNT_SID
    auth_token: str = field(default=AUTH_TOKEN, repr=False)
    api_keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    numbers: tuple[str, ...] = (NUMBER,)
    voice_url: str = ""
    phones: Mapping[str, Answer] = field(default_factory=dict)
    otherwise: Answer = field(default_factory=Answers)
    timing: Timing = field(default_factory=Timing)
    deliveries: Mapping[Event, Delivery] = field(default_factory=dict)
    created_after: Literal["ringing", "in-progress", "over"] | None = None
    quirks: Quirks = field(default_factory=Quirks)
    synthesise: Synthesise = speak_with_espeak
    ssl_context: ssl.SSLContext | None = None
    keep_audio: bool = True
