"""What the service remembers of every connection, for tests to read and to wait for."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

import trio

from phonegame.audio import BYTES_PER_SECOND
from phonegame.local.speech.flux.query import FluxOptions
from phonegame.local.speech.messages import JSON
from phonegame.local.speech.query import ListenOptions
from phonegame.local.speech.refusals import Refusal

KEPT_MESSAGES = 10_000  # a day of keep-alives, and hours of results


@dataclass(frozen=True, slots=True)
class Stamped:
    """A frame and when it passed, on the service's clock.

    `after` is how much audio had passed by then, in seconds: come in on `/v1/listen`, gone out on `/v1/speak`.
    """

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


class Record(ABC):
    """One upgrade request and all that followed. Plain attributes, filled while the connection lives."""

    def __init__(self, number: int, request_id: str, query: str, headers: Mapping[str, str]) -> None:
        self.number = number
        self.request_id = request_id
        self.query = query
        self.headers = headers
        self.opened_at = trio.current_time()
        self.refused: Refusal | None = None
        self.audio = bytearray()
        """Of the one direction in which it flows; stays empty when the service does not keep audio."""
        self.audio_bytes = 0
        self.audio_frames: list[tuple[float, int]] = []
        """When each binary frame passed, and its size; kept together with the audio."""
        self.controls: list[Stamped] = []
        """Every text frame of the client's."""
        self.sent: list[Stamped] = []
        self.closed: Closed | None = None
        self._changed = trio.Event()

    @property
    @abstractmethod
    def seconds(self) -> float:
        """Of the audio that has passed."""

    @property
    def control_types(self) -> list[str]:
        """The `type` of every text frame that was JSON with one."""
        return [str(stamped.message.get("type")) for stamped in self.controls if is_object(stamped.data)]

    async def wait_until(self, condition: Callable[[Self], bool]) -> None:
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


class ConnectionRecord(Record):
    """A connection to `/v1/listen` or `/v2/listen`: `audio` is what came in, `sent` all that went out."""

    options: ListenOptions | FluxOptions | None = None

    @property
    def seconds(self) -> float:
        """Of audio received, for 8 kHz mu-law."""
        return self.audio_bytes / BYTES_PER_SECOND

    @property
    def transcripts(self) -> list[str]:
        """The text of every final, or EndOfTurn, with words that was sent."""
        sent = [stamped.message for stamped in self.sent if is_object(stamped.data)]
        texts = [_transcript(message) for message in sent if message.get("is_final") or is_end_of_turn(message)]
        return [text for text in texts if text]


R = TypeVar("R", bound=Record)


class Records(Generic[R]):
    """The newest connections of one kind, at most `most`. All that ever came are numbered from 0."""

    def __init__(self, most: int) -> None:
        self.kept: deque[R] = deque(maxlen=most)
        self.count = 0
        self._arrived = trio.Event()

    def add(self, record: R) -> None:
        self.kept.append(record)
        self.count += 1
        self._arrived.set()
        self._arrived = trio.Event()

    async def wait_for(self, number: int) -> R:
        """KeyError when it was so long ago that it is not kept."""
        await trio.lowlevel.checkpoint()
        while self.count <= number:
            await self._arrived.wait()
        by_number = {record.number: record for record in self.kept}
        return by_number[number]


def is_object(data: str | bytes) -> bool:
    try:
        return isinstance(json.loads(data), dict)
    except (ValueError, RecursionError):
        return False


def is_end_of_turn(message: JSON) -> bool:
    return message.get("event") == "EndOfTurn"


def _transcript(message: JSON) -> str:
    if is_end_of_turn(message):
        return str(message["transcript"])
    channel = message.get("channel")
    alternatives = channel["alternatives"] if isinstance(channel, dict) else []
    return str(alternatives[0]["transcript"]) if alternatives else ""
