"""What a client may send on `/v1/listen`, and how fast on either. No I/O: the caller brings each message and the time.

After every call the caller looks at `deadline` again: when it passes, `expired` says how the connection is closed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

DECODE_ERROR = "Could not deserialize last text message: "
CONTROL_TYPES = ("KeepAlive", "Finalize", "CloseStream", "Configure")


@dataclass(frozen=True, slots=True)
class Limits:
    """Deepgram's: 10 s without a message or without first audio, 1.25 times real time. The burst is ours.

    `connections`: how many there may be at once; None: any number. `flux_idle_seconds` are those of `/v2/listen`, where
    a ping is as good as a message.
    """

    idle_seconds: float = 10.0
    flux_idle_seconds: float = 60.0
    max_speed: float = 1.25
    burst_seconds: float = 1.0
    connections: int | None = None


@dataclass(frozen=True, slots=True)
class Audio:
    data: bytes


@dataclass(frozen=True, slots=True)
class KeepAlive:
    pass


@dataclass(frozen=True, slots=True)
class Finalize:
    pass


@dataclass(frozen=True, slots=True)
class CloseStream:
    pass


@dataclass(frozen=True, slots=True)
class Configure:
    """None: leave as it is. An empty tuple of keyterms clears them."""

    keyterms: tuple[str, ...] | None = None
    numerals: bool | None = None
    thresholds: tuple[tuple[str, float], ...] = ()
    """Of `/v2/listen`."""


@dataclass(frozen=True, slots=True)
class ForceEndTurn:
    """Of `/v2/listen`."""


@dataclass(frozen=True, slots=True)
class BadText:
    """A text frame that is none of the above: answered with an Error, then closed."""

    received: str
    description: str


@dataclass(frozen=True, slots=True)
class Close:
    """The service closes the socket with this code."""

    code: int
    reason: str


Received = Audio | KeepAlive | Finalize | CloseStream | Configure | ForceEndTurn | BadText | Close

NOTHING_RECEIVED = Close(
    1011,
    "NET-0001: Deepgram did not receive audio data or a text message within the timeout window.",
)
NO_AUDIO = Close(1011, "NET-0001: Deepgram did not receive audio data within the timeout window.")


class Intake:
    """One connection's rules. `bytes_per_second` is of the encoding in use; None when audio is not decoded.

    `idle_seconds` of nothing at all end it; where `wants_audio`, that many without a first byte of audio do so too.
    """

    def __init__(
        self,
        limits: Limits,
        bytes_per_second: int | None,
        now: float,
        *,
        parse: Callable[[str], Received] | None = None,
        idle_seconds: float | None = None,
        wants_audio: bool = True,
    ) -> None:
        self._limits = limits
        self._parse = parse or parse_control
        self._idle_seconds = limits.idle_seconds if idle_seconds is None else idle_seconds
        self._bytes_per_second = bytes_per_second
        self._opened = now
        self._last_message = now
        self._has_audio = not wants_audio
        self._ahead = 0.0
        self._ahead_at = now

    @property
    def deadline(self) -> float:
        """When `expired` is to be asked, on the caller's clock."""
        if self._has_audio:
            return self._last_message + self._idle_seconds
        return min(self._last_message, self._opened) + self._idle_seconds

    def notice(self, at: float) -> None:
        """A sign of life that is no message."""
        self._last_message = max(self._last_message, at)

    def forgive(self, seconds: float) -> None:
        """The service has not read for so long: what was sent meanwhile comes at once, and was not too fast."""
        self._ahead -= seconds * self._limits.max_speed

    def expired(self, now: float) -> Close | None:
        if now < self.deadline:
            return None
        return NOTHING_RECEIVED if now >= self._last_message + self._idle_seconds else NO_AUDIO

    def receive(self, message: str | bytes, now: float) -> Received:
        self._last_message = now
        if isinstance(message, str):
            return self._parse(message)
        if not message:
            return CloseStream()  # the old sign for the end of the audio
        self._has_audio = True
        return self._too_fast(len(message), now) or Audio(message)

    def _too_fast(self, size: int, now: float) -> Close | None:
        """A bucket that holds `burst_seconds` of audio, empties at `max_speed`, and forgives being late by as much."""
        if self._bytes_per_second is None:
            return None
        drained = (now - self._ahead_at) * self._limits.max_speed
        least = min(-self._limits.burst_seconds, self._ahead)
        self._ahead = max(least, self._ahead - drained) + size / self._bytes_per_second
        self._ahead_at = now
        if self._ahead <= self._limits.burst_seconds + 1e-6:
            return None
        return Close(1008, f"DATA-0001: audio came faster than {self._limits.max_speed} times real time.")


def parse_control(text: str) -> Received:
    """A text frame -> what it asks for. Unknown fields are ignored, wrong types are not."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        return BadText(text, f"{DECODE_ERROR}{error}")
    if not isinstance(message, dict) or message.get("type") not in CONTROL_TYPES:
        expected = ", ".join(f"`{name}`" for name in CONTROL_TYPES)
        return BadText(text, f"{DECODE_ERROR}unknown variant, expected one of {expected}")
    match message["type"]:
        case "KeepAlive":
            return KeepAlive()
        case "Finalize":
            return Finalize()
        case "CloseStream":
            return CloseStream()
        case _:
            return _configure(text, message)


def _configure(text: str, message: dict[str, object]) -> Received:
    features, keyterms = message.get("features"), message.get("keyterms")
    numerals = features.get("numerals") if isinstance(features, dict) else None
    if features is not None and not isinstance(features, dict):
        return BadText(text, f"{DECODE_ERROR}features must be an object")
    if numerals is not None and not isinstance(numerals, bool):
        return BadText(text, f"{DECODE_ERROR}features.numerals must be a boolean")
    if keyterms is None:
        return Configure(None, numerals)
    if not isinstance(keyterms, list) or not all(isinstance(keyterm, str) for keyterm in keyterms):
        return BadText(text, f"{DECODE_ERROR}keyterms must be a list of strings")
    return Configure(tuple(keyterms), numerals)
