"""Messages as Twilio sends them: order, strings, numbers as documented (Media Streams, "WebSocket messages").

Counters are strings there, `sampleRate` and `channels` numbers; one counter runs over all messages but
`connected`.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from phonegame.audio import SAMPLE_RATE
from phonegame.local.phone.quirks import Frame


def _sid(prefix: str) -> str:
    return prefix + secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Identity:
    """The ids of one call, random where not given, and what a `<Parameter>` in the TwiML would hand over."""

    account_sid: str = field(default_factory=lambda: _sid("AC"))
    call_sid: str = field(default_factory=lambda: _sid("CA"))
    stream_sid: str = field(default_factory=lambda: _sid("MZ"))
    parameters: Mapping[str, str] = field(default_factory=dict)


class Wording:
    """Words and counts the messages of one stream: call a method when its message is sent, not earlier."""

    def __init__(self, identity: Identity, *, numeric_counters: bool = False) -> None:
        self._identity = identity
        self._numeric = numeric_counters
        self._sent = 0

    def connected(self) -> str:
        return _json({"event": "connected", "protocol": "Call", "version": "1.0.0"})

    def start(self) -> str:
        who = self._identity
        content = {
            "accountSid": who.account_sid,
            "streamSid": who.stream_sid,
            "callSid": who.call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": SAMPLE_RATE, "channels": 1},
            "customParameters": dict(who.parameters),
        }
        return self._message("start", content)

    def media(self, frame: Frame) -> str:
        content = {
            "track": frame.track,
            "chunk": self._count(frame.chunk),
            "timestamp": self._count(frame.timestamp),
            "payload": base64.b64encode(frame.payload).decode(),
        }
        return self._message("media", content)

    def dtmf(self, digit: str) -> str:
        # not "inbound", as in media
        return self._message("dtmf", {"track": "inbound_track", "digit": digit})

    def mark(self, name: str) -> str:
        return self._message("mark", {"name": name})

    def stop(self) -> str:
        return self._message("stop", {"accountSid": self._identity.account_sid, "callSid": self._identity.call_sid})

    def _message(self, event: str, content: Mapping[str, object]) -> str:
        self._sent += 1
        envelope = {
            "event": event,
            "sequenceNumber": self._count(self._sent),
            "streamSid": self._identity.stream_sid,
            event: content,
        }
        return _json(envelope)

    def _count(self, number: int) -> str | int:
        return number if self._numeric else str(number)


def _json(content: Mapping[str, object]) -> str:
    return json.dumps(content, separators=(",", ":"))
