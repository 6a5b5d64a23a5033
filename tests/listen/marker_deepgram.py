"""A Deepgram that hears words written into the audio, on the mock clock: whole calls take milliseconds.

The recogniser and the rules are those of `phonegame.local.speech`; what lies between, the sockets, is left out.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import urlsplit

import trio

from phonegame.audio import BYTES_PER_SECOND
from phonegame.deepgram.failures import DeepgramFailure, closed, refusal
from phonegame.local.speech import messages
from phonegame.local.speech.marker import MarkerRecogniser
from phonegame.local.speech.messages import JSON
from phonegame.local.speech.query import ListenOptions, Refusal, parse_query
from phonegame.local.speech.transcriber import Transcriber


class ToConfigure(Enum):
    SUCCESS = "success"
    FAILURE = "failure"
    SILENCE = "silence"


@dataclass
class Habits:
    to_configure: ToConfigure = ToConfigure.SUCCESS
    opens_in: float = 0.3
    answers_in: float = 0.1
    """Seconds from the audio to the result; the same for all else that it says."""
    takes_leave: bool = True
    """False: it has nothing to say to `CloseStream`."""


class MarkerSession:
    def __init__(self, options: ListenOptions, habits: Habits) -> None:
        self.keyterms: Sequence[str] = options.keyterms
        self._habits = habits
        self._recogniser = MarkerRecogniser(options.endpointing_ms)
        self._transcriber = Transcriber(options, "request", verbatim=True)
        self._bytes = 0
        self._say, self._said = trio.open_memory_channel[tuple[float, str | None]](10_000)

    def send_audio_nowait(self, audio: bytes) -> bool:
        heard = self._recogniser.feed(audio)
        self._bytes += len(audio)
        self._tell(*self._transcriber.advance(heard, self._seconds))
        return True

    async def send_audio(self, audio: bytes) -> None:
        await trio.lowlevel.checkpoint()
        self.send_audio_nowait(audio)

    async def send_text(self, text: str) -> None:
        await trio.lowlevel.checkpoint()
        message = json.loads(text)
        match message["type"]:
            case "Configure":
                self._configure(message["keyterms"])
            case "Finalize":
                self._tell(*self._transcriber.finalize(self._recogniser.finish(), self._seconds))
            case "CloseStream" if self._habits.takes_leave:
                self._tell(*self._transcriber.advance(self._recogniser.finish(), self._seconds))
                self._tell(messages.metadata("request", "", self._seconds, 1))
                self._say_later(None)

    async def receive(self) -> str:
        due, text = await self._said.receive()
        await trio.sleep_until(due)
        if text is None:
            raise closed(1000, "")
        return text

    def _configure(self, keyterms: Sequence[str]) -> None:
        match self._habits.to_configure:
            case ToConfigure.SUCCESS:
                self.keyterms = keyterms
                self._tell(messages.configure_success("request", keyterms))
            case ToConfigure.FAILURE:
                self._tell(messages.configure_failure("request", "CONFIGURE_KEYTERMS_NOT_SUPPORTED", "No."))
            case ToConfigure.SILENCE:
                pass

    @property
    def _seconds(self) -> float:
        return self._bytes / BYTES_PER_SECOND

    def _tell(self, *told: JSON) -> None:
        for message in told:
            self._say_later(json.dumps(message))

    def _say_later(self, text: str | None) -> None:
        self._say.send_nowait((trio.current_time() + self._habits.answers_in, text))


@dataclass
class MarkerDeepgram:
    habits: Habits
    sessions: list[MarkerSession] = field(default_factory=list)
    refused: list[DeepgramFailure] = field(default_factory=list)

    @asynccontextmanager
    async def open_session(self, url: str, key: str) -> AsyncIterator[MarkerSession]:
        await trio.sleep(self.habits.opens_in)
        options = parse_query(urlsplit(url).query)
        if isinstance(options, Refusal):
            self.refused.append(refusal(options.status, [(b"dg-error", options.err_msg.encode())], None))
            raise self.refused[-1]
        self.sessions.append(MarkerSession(options, self.habits))
        yield self.sessions[-1]
