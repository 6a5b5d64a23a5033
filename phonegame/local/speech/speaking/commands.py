"""What a client may send on `/v1/speak`, and how much of it. No I/O: the caller brings each message and the time.

Limits and close codes: docs, streaming-text-to-speech, tts-ws-flush, tts-troubleshooting. After every call the caller
looks at `deadline` again: when it passes, `expired` says how the connection is closed.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from typing import TypeGuard

from phonegame.local.speech.intake import Close

WINDOW_SECONDS = 60.0
COMMAND_TYPES = ("Speak", "Flush", "Clear", "Close")


@dataclass(frozen=True, slots=True)
class SpeakLimits:
    """Deepgram's, per connection. `connections`: how many there may be at once; None: any number.

    No idle timeout is documented; `idle_seconds` sets one, to test what a client makes of it.
    """

    characters_per_minute: int = 2400
    flushes_per_minute: int = 20
    text_length: int = 2000
    frame_bytes: int = 65536
    life_seconds: float = 3600.0
    idle_seconds: float | None = None
    connections: int | None = None


@dataclass(frozen=True, slots=True)
class Speak:
    text: str


@dataclass(frozen=True, slots=True)
class Flush:
    pass


@dataclass(frozen=True, slots=True)
class Clear:
    pass


@dataclass(frozen=True, slots=True)
class Goodbye:
    """`{"type": "Close"}`"""


@dataclass(frozen=True, slots=True)
class TooManyFlushes:
    """A flush over the limit: there is a warning, and nothing is flushed."""


Command = Speak | Flush | Clear | Goodbye | TooManyFlushes

LIFE_OVER = Close(1011, "NET-0003: the connection has reached its longest time.")
IDLE = Close(1011, "NET-0001: no message was received within the timeout window.")


class CommandIntake:
    """One connection's rules."""

    def __init__(self, limits: SpeakLimits, now: float) -> None:
        self._limits = limits
        self._opened = now
        self._last_message = now
        self._spoken: deque[tuple[float, int]] = deque()
        self._flushed: deque[float] = deque()

    @property
    def deadline(self) -> float:
        """When `expired` is to be asked, on the caller's clock."""
        end = self._opened + self._limits.life_seconds
        idle = self._limits.idle_seconds
        return end if idle is None else min(end, self._last_message + idle)

    def expired(self, now: float) -> Close | None:
        if now < self.deadline:
            return None
        return LIFE_OVER if now >= self._opened + self._limits.life_seconds else IDLE

    def receive(self, message: str | bytes, now: float) -> Command | Close:
        self._last_message = now
        if isinstance(message, bytes):
            return Close(1003, "MESSAGE-0000: only text frames are taken.")
        if len(message.encode()) > self._limits.frame_bytes:
            return Close(1009, f"BIG-0000: a message has at most {self._limits.frame_bytes} bytes.")
        command = parse_command(message)
        match command:
            case Speak(text=text):
                return self._too_much(text, now) or command
            case Flush():
                return self._flush(now)
        return command

    def _too_much(self, text: str, now: float) -> Close | None:
        if len(text) > self._limits.text_length:
            return Close(1009, f"BIG-0001: a Speak has at most {self._limits.text_length} characters.")
        while self._spoken and self._spoken[0][0] <= now - WINDOW_SECONDS:
            self._spoken.popleft()
        self._spoken.append((now, len(text)))
        most = self._limits.characters_per_minute
        if sum(length for _, length in self._spoken) <= most:
            return None
        return Close(1008, f"DATA-0001: more than {most} characters in a minute.")

    def _flush(self, now: float) -> Flush | TooManyFlushes:
        while self._flushed and self._flushed[0] <= now - WINDOW_SECONDS:
            self._flushed.popleft()
        if len(self._flushed) >= self._limits.flushes_per_minute:
            return TooManyFlushes()
        self._flushed.append(now)
        return Flush()


def parse_command(text: str) -> Speak | Flush | Clear | Goodbye | Close:
    """A text frame -> what it asks for. Unknown fields are ignored; stricter than documented, an empty text is not."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return _bad("not JSON")
    kind = message.get("type") if isinstance(message, dict) else None
    match kind:
        case "Speak":
            said = message.get("text")
            return Speak(said) if is_text(said) and said else _bad("`text` must be a string, and not empty")
        case "Flush":
            return Flush()
        case "Clear":
            return Clear()
        case "Close":
            return Goodbye()
        case _:
            return _bad(f"unknown type, expected one of {', '.join(COMMAND_TYPES)}")


def is_text(value: object) -> TypeGuard[str]:
    """A string that can be written in UTF-8: JSON may hold half a surrogate pair."""
    return isinstance(value, str) and not any("\ud800" <= sign <= "\udfff" for sign in value)


def _bad(what: str) -> Close:
    return Close(1008, f"DATA-0000: {what}.")
