"""Ways in which a media stream can be untidy, seen with Twilio or feared: what does the server do then?"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from phonegame.audio import FRAME_BYTES


@dataclass(frozen=True, slots=True)
class Frame:
    """A media message to be: `timestamp` in ms since the stream's start, `chunk` from 1, `payload` mu-law."""

    chunk: int
    timestamp: int
    payload: bytes
    track: str = "inbound"


Mangle: TypeAlias = Callable[[Frame], Sequence[Frame]]
"""Given the frame that is due, the frames that are sent: none, another one, several."""


@dataclass(frozen=True, slots=True)
class Quirks:
    """The default is how Twilio behaves.

    `starts` = 0: never gets as far as `start`, nor to any media; 2: sends it twice. `silent`: sends nothing
    by itself, not even `connected`; only `send_raw`. `holds_marks`: none is echoed before `Phone.let_marks_go`, as if
    they were long on their way. `frame_bytes` is gone through in turn. A function in `mangle` that remembers frames
    serves one call.
    """

    starts: int = 1
    stop: bool = True
    numeric_counters: bool = False
    silent: bool = False
    holds_marks: bool = False
    frame_bytes: Sequence[int] = (FRAME_BYTES,)
    mangle: Mangle = lambda frame: [frame]

    def __post_init__(self) -> None:
        if not self.frame_bytes or min(self.frame_bytes) < 1:
            raise ValueError("frame_bytes must be sizes of one byte or more")


def duplicate_every(n: int) -> Mangle:
    return lambda frame: [frame, frame] if frame.chunk % n == 0 else [frame]


def lose_every(n: int) -> Mangle:
    return lambda frame: [] if frame.chunk % n == 0 else [frame]


def delay_every(n: int, by: int) -> Mangle:
    """Every n-th frame comes `by` frames late, after younger ones: out of order."""
    held: dict[int, Frame] = {}

    def mangle(frame: Frame) -> list[Frame]:
        late = held.pop(frame.chunk - by, None)
        if frame.chunk % n == 0:
            held[frame.chunk] = frame
            return [late] if late else []
        return [frame, late] if late else [frame]

    return mangle


def add_track(track: str, payload: bytes) -> Mangle:
    """Beside each frame one of another track, as a stream of both tracks has it."""
    return lambda frame: [frame, dataclasses.replace(frame, track=track, payload=payload)]


def skip_time(after_chunk: int, ms: int) -> Mangle:
    """From that chunk on the timestamps are `ms` ahead: a gap in the audio."""

    def mangle(frame: Frame) -> list[Frame]:
        if frame.chunk <= after_chunk:
            return [frame]
        return [dataclasses.replace(frame, timestamp=frame.timestamp + ms)]

    return mangle
