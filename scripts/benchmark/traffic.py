"""The messages of a run, byte for byte as Twilio and Deepgram write them: no I/O.

The audio of each call is a stretch of one long pseudo-random string, with a beginning of its own: any byte
that is lost, doubled, changed or in the wrong call shows at its position. A media message is joined from
pieces that were masked in advance, which costs half a microsecond.
"""

from __future__ import annotations

import base64
import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

from .websocket import TEXT, client_frame, client_header, mask

FRAME_SECONDS = 0.02
FRAME_BYTES = 160
FRAMES_PER_SECOND = 50
BYTES_PER_SECOND = FRAME_BYTES * FRAMES_PER_SECOND
KEYS_AFTER_FRAMES = 10
"""The caller keys the code in after so many frames of audio."""
CODE_DIGITS = 4
FIRST_TIMESTAMP_MS = 120
"""Twilio's first media message is 102 to 171 ms into the stream, never at 0."""

_SLICES = 4096
MOST_CALLS = _SLICES - 1
"""With more, two of them would begin alike."""
_AUDIO = random.Random(20).randbytes(_SLICES * FRAME_BYTES)
_AUDIO_TWICE = _AUDIO * 2
_PREFIX_BYTES = 8

_WORDS = ("a", "large", "pizza", "with", "mushrooms", "please")
_WORD_SECONDS = 1 / len(_WORDS)
_STAMP = re.compile(rb'"start":([0-9.]+),"is_final".*"request_id":"([0-9]+)-([0-9]+)-([0-9]+)"')

METADATA = json.dumps(
    {
        "type": "Metadata",
        "transaction_key": "deprecated",
        "request_id": "00000000-0000-4000-8000-000000000000",
        "sha256": "0" * 64,
        "created": "2026-01-01T00:00:00.000Z",
        "duration": 1.0,
        "channels": 1,
    }
).encode()
"""Deepgram's last message, after `CloseStream`."""


@dataclass(frozen=True, slots=True)
class Result:
    """A final result of a second of speech, which carries in its request id when it was sent, and for whom."""

    call: int
    number: int
    """Counts the results of the call from 0 on."""
    microseconds: int
    start: float
    """In seconds of the call's audio, to the hundredth."""

    def message(self) -> bytes:
        alternative = {"transcript": " ".join(_WORDS), "confidence": 0.98, "words": self._words()}
        message = {
            "type": "Results",
            "channel_index": [0, 1],
            "duration": 1.0,
            "start": self.start,
            "is_final": True,
            "speech_final": True,
            "channel": {"alternatives": [alternative]},
            "metadata": {
                "request_id": f"{self.call}-{self.number}-{self.microseconds}",
                "model_info": {"name": "general-nova-3", "version": "2026-01-01.0", "arch": "nova-3"},
                "model_uuid": "00000000-0000-4000-8000-000000000000",
            },
            "from_finalize": False,
        }
        return json.dumps(message, separators=(",", ":")).encode()

    def _words(self) -> list[dict[str, str | float]]:
        return [
            {
                "word": word,
                "start": round(self.start + at * _WORD_SECONDS, 2),
                "end": round(self.start + (at + 1) * _WORD_SECONDS, 2),
                "confidence": 0.98,
                "punctuated_word": word,
            }
            for at, word in enumerate(_WORDS)
        ]


def read_result(message: bytes) -> Result | None:
    """None for a message that `Result.message` has not made; else compare with what the result would make again."""
    found = _STAMP.search(message)
    return Result(int(found[2]), int(found[3]), int(found[4]), float(found[1])) if found else None


class CallAudio:
    """The audio of one of `calls` calls."""

    def __init__(self, index: int, calls: int) -> None:
        self.first_slice = index * _SLICES // calls % _SLICES
        self._start = self.first_slice * FRAME_BYTES

    @property
    def prefix(self) -> bytes:
        """The first bytes, by which the stand-in for Deepgram knows whose connection it has."""
        return _AUDIO_TWICE[self._start : self._start + _PREFIX_BYTES]

    def find(self, audio: bytes) -> int | None:
        """The first position at which the stream goes on as `audio` begins. None: at no position of any call's."""
        at = _AUDIO_TWICE.find(audio[:_PREFIX_BYTES], self._start)
        return None if at < 0 else at - self._start

    def piece(self, position: int, size: int) -> bytes:
        """`size` bytes of the stream from `position` on."""
        at = (self._start + position) % len(_AUDIO)
        return _AUDIO_TWICE[at : at + size]


class CallMessages:
    """What one caller's telephone company sends, framed and masked."""

    def __init__(self, index: int, first_slice: int) -> None:
        self.first_slice = first_slice
        hexadecimal = f"{index + 1:032x}"
        self.stream_sid = "MZ" + hexadecimal
        self.call_sid = "CA" + hexadecimal
        self.account_sid = "AC" + "0" * 32
        self.masked_sid = tuple(mask(hexadecimal.encode(), offset=offset) for offset in range(4))

    def opening(self) -> bytes:
        """`connected` and `start`."""
        start = {
            "accountSid": self.account_sid,
            "streamSid": self.stream_sid,
            "callSid": self.call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {},
        }
        connected = {"event": "connected", "protocol": "Call", "version": "1.0.0"}
        return _text(connected) + self._text("start", 1, start)

    def keys(self, code: str) -> bytes:
        """The code and a `#`: `CODE_DIGITS + 1` messages, after `KEYS_AFTER_FRAMES` of audio."""
        first = KEYS_AFTER_FRAMES + 2
        return b"".join(
            self._text("dtmf", first + at, {"track": "inbound_track", "digit": key})
            for at, key in enumerate(code + "#")
        )

    def mark(self, name: str) -> bytes:
        """A mark that comes back. Its number is 0: those of the media messages are written in advance."""
        return self._text("mark", 0, {"name": name})

    def stop(self, frames: int) -> bytes:
        """The last message, after so many frames of audio."""
        body = {"accountSid": self.account_sid, "callSid": self.call_sid}
        return self._text("stop", _sequence_number(frames), body)

    def _text(self, event: str, number: int, body: Mapping[str, object]) -> bytes:
        return _text({"event": event, "sequenceNumber": str(number), "streamSid": self.stream_sid, event: body})


class MediaFrames:
    """Joins media messages. In the n-th only id and audio differ between calls; the rest is made once."""

    def __init__(self) -> None:
        self._heads: list[tuple[bytes, int, bytes, int, bytes]] = []
        payloads = [base64.b64encode(_AUDIO[at : at + FRAME_BYTES]) for at in range(0, len(_AUDIO), FRAME_BYTES)]
        self._payloads = [tuple(mask(payload, offset=offset) for offset in range(4)) for payload in payloads]
        self._payload_chars = len(payloads[0])

    def frame(self, number: int, messages: CallMessages) -> bytes:
        """The `number`-th media message of a call, from 0 on. Ask for them in order."""
        if number == len(self._heads):
            self._heads.append(self._head(number))
        before_sid, sid_offset, before_payload, payload_offset, end = self._heads[number]
        payload = self._payloads[(messages.first_slice + number) % _SLICES][payload_offset]
        return b"".join((before_sid, messages.masked_sid[sid_offset], before_payload, payload, end))

    def _head(self, number: int) -> tuple[bytes, int, bytes, int, bytes]:
        before_sid = f'{{"event":"media","sequenceNumber":"{_sequence_number(number)}","streamSid":"MZ'.encode()
        timestamp = FIRST_TIMESTAMP_MS + 20 * number
        media = f'"track":"inbound","chunk":"{number + 1}","timestamp":"{timestamp}","payload":"'
        before_payload = f'","media":{{{media}'.encode()
        end = b'"}}'
        sid_at = len(before_sid)
        payload_at = sid_at + 32 + len(before_payload)
        end_at = payload_at + self._payload_chars
        return (
            client_header(TEXT, end_at + len(end)) + mask(before_sid),
            sid_at % 4,
            mask(before_payload, offset=sid_at + 32),
            payload_at % 4,
            mask(end, offset=end_at),
        )


def _sequence_number(frames_before: int) -> int:
    """One counter over all messages but `connected`: 1 is `start`, and the keys take their share."""
    keys = CODE_DIGITS + 1 if frames_before >= KEYS_AFTER_FRAMES else 0
    return frames_before + 2 + keys


def _text(message: Mapping[str, object]) -> bytes:
    return client_frame(TEXT, json.dumps(message, separators=(",", ":")).encode())
