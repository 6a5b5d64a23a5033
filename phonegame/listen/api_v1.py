"""`/v1/listen`: results for stretches of audio."""

from __future__ import annotations

from typing import Any

from phonegame.audio import FRAME_BYTES
from phonegame.deepgram.messages import FINALIZE, KEEP_ALIVE, Results, SpeechStarted, UtteranceEnd, parse
from phonegame.listen.heard import Heard, edited
from phonegame.listen.session import Session
from phonegame.listen.session_clock import SessionClock


class ApiV1:
    """Messages leave it as they came where the session's time is the call's."""

    piece_bytes = 1
    backlog_bytes = 5 * FRAME_BYTES
    """100 ms: Deepgram's documentation advises 20 to 250 ms."""
    finalize: str | None = FINALIZE
    needs_silence = False
    is_in_turn = False

    def __init__(self, stall_seconds: float) -> None:
        self.stall_seconds = stall_seconds
        self.has_answered = False
        self._clock = SessionClock()

    def begin_session(self, offset: float) -> None:
        self._clock = SessionClock(offset)
        self.has_answered = False

    def add_silence(self, at: float, seconds: float) -> None:
        self._clock.add_silence(at, seconds)

    def read(self, raw: str) -> list[Heard] | None:
        message = parse(raw)
        if message is None:
            return None
        self.has_answered = self.has_answered or isinstance(message, Results)
        return [self._on_the_calls_time(Heard(raw, message))]

    async def keep_alive(self, session: Session) -> None:
        await session.send_text(KEEP_ALIVE)

    def _on_the_calls_time(self, heard: Heard) -> Heard:
        """What is of no known type has no times that could be known."""
        clock = self._clock
        if clock.is_the_calls:
            return heard
        match heard.message:
            case Results():
                return edited(heard, lambda fields: _move_results(fields, clock))
            case SpeechStarted(timestamp=time):
                return edited(heard, lambda fields: fields.update(timestamp=clock.call_time(time)))
            case UtteranceEnd(last_word_end=time) if time >= 0:
                return edited(heard, lambda fields: fields.update(last_word_end=clock.call_time(time)))
        return heard


def _move_results(fields: dict[str, Any], clock: SessionClock) -> None:
    fields["start"] = clock.call_time(fields["start"])
    for alternative in fields["channel"].get("alternatives", []):
        for word in alternative.get("words", []):
            word["start"] = clock.call_time(word["start"])
            word["end"] = clock.call_time(word["end"])
