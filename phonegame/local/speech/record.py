"""What the service remembers of every connection, for tests to read and to wait for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import trio

from phonegame.audio import BYTES_PER_SECOND
from phonegame.local.speech.messages import JSON
from phonegame.local.speech.query import ListenOptions, Refusal

KEPT_MESSAGES = 10_000  # a day of keep-alives, and hours of results


@dataclass(frozen=True, slots=True)
class Stamped:
    """A frame and when it passed, on the service's clock. `after` is how much audio had come in by then, in seconds."""

    at: float
    after: float
    data: str | bytes

    @property
    def message(self) -> JSON:
        """The frame as JSON; ValueError when it is none."""
        message = json.loads(self.data)
        if not isinstance(message, dict):
            raise ValueError("not a JSON object")
        return message


@dataclass(frozen=True, slots=True)
class Closed:
    """`by`: "service", "client", or "fault" for a planned abort. 1006: no close frame was seen."""

    at: float
    by: str
    code: int
    reason: str


class ConnectionRecord:
    """One upgrade request and all that followed. Plain attributes, filled while the connection lives."""

    def __init__(self, number: int, request_id: str, query: str, headers: Mapping[str, str]) -> None:
        self.number = number
        self.request_id = request_id
        self.query = query
        self.headers = headers
        self.opened_at = trio.current_time()
        self.options: ListenOptions | None = None
        self.refused: Refusal | None = None
        self.audio = bytearray()
        """As it came in; stays empty when the service does not keep audio."""
        self.audio_bytes = 0
        self.audio_frames: list[tuple[float, int]] = []
        """When each binary frame came, and its size; kept together with the audio."""
        self.controls: list[Stamped] = []
        self.sent: list[Stamped] = []
        self.closed: Closed | None = None
        self._changed = trio.Event()

    @property
    def seconds(self) -> float:
        """Of audio received, for 8 kHz mu-law."""
        return self.audio_bytes / BYTES_PER_SECOND

    @property
    def control_types(self) -> list[str]:
        """The `type` of every text frame that was JSON with one."""
        return [str(stamped.message.get("type")) for stamped in self.controls if _is_object(stamped.data)]

    @property
    def transcripts(self) -> list[str]:
        """The text of every final with words that was sent."""
        finals = [stamped.message for stamped in self.sent if _is_object(stamped.data)]
        texts = [_transcript(message) for message in finals if message.get("is_final")]
        return [text for text in texts if text]

    async def wait_until(self, condition: Callable[[ConnectionRecord], bool]) -> None:
        """Returns once `condition(self)` holds; asked again after everything that comes in or goes out."""
        await trio.lowlevel.checkpoint()
        while not condition(self):
            await self._changed.wait()

    async def wait_closed(self) -> Closed:
        await self.wait_until(lambda record: record.closed is not None)
        assert self.closed is not None
        return self.closed

    def add_audio(self, data: bytes, *, keep: bool) -> None:
        self.audio_bytes += len(data)
        if keep:
            self.audio += data
            self.audio_frames.append((trio.current_time(), len(data)))
        self.notify()

    def add_control(self, text: str) -> None:
        self._add(self.controls, text)

    def add_sent(self, data: str | bytes) -> None:
        self._add(self.sent, data)

    def close(self, by: str, code: int, reason: str | None) -> None:
        """The first word counts: a socket is closed once."""
        if self.closed is None:
            self.closed = Closed(trio.current_time(), by, code, reason or "")
            self.notify()

    def notify(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    def _add(self, to: list[Stamped], data: str | bytes) -> None:
        if len(to) < KEPT_MESSAGES:
            to.append(Stamped(trio.current_time(), self.seconds, data))
        self.notify()


def _is_object(data: str | bytes) -> bool:
    try:
        return isinstance(json.loads(data), dict)
    except ValueError:
        return False


def _transcript(message: JSON) -> str:
    channel = message.get("channel")
    alternatives = channel["alternatives"] if isinstance(channel, dict) else []
    return str(alternatives[0]["transcript"]) if alternatives else ""
