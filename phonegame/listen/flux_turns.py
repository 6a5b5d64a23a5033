"""Flux's turns in the words of `/v1/listen`, so that games and the rest of the program need not know who listens.

    the first text of a turn    SpeechStarted, and interim Results
    another text                interim Results: all of the turn so far, and from the turn's beginning
    EagerEndOfTurn              ... and the turn event
    TurnResumed                 the turn event, ...
    EndOfTurn                   Results, final and `speech_final`; UtteranceEnd where something was said

What tells nothing new is left out: silence, four times a second, and text that has not changed. No I/O in here.
"""

from __future__ import annotations

import math
from typing import Any

from phonegame.deepgram.flux import FluxWord, TurnInfo
from phonegame.deepgram.turn_events import EagerEndOfTurn, TurnResumed
from phonegame.listen.heard import Heard, from_fields
from phonegame.listen.session_clock import SessionClock

BEFORE_FIRST_WORD_SECONDS = 0.5
"""A turn's results begin so much earlier, within its window: its first word may yet be found to begin earlier."""
UNTIMED_LEAD_SECONDS = 1.0
"""Where words have no times: their first text comes so long after they have begun, about."""


class FluxTurns:
    """One session's turns. `unfinished`: those of the session before, whose last turn this one may hear again."""

    def __init__(self, clock: SessionClock, unfinished: FluxTurns | None = None) -> None:
        self._clock = clock
        self._index: float | None = None
        self._start: float = 0.0  # of the turn's results, on the call's time, like all times in here
        self._said: tuple[str, tuple[FluxWord, ...]] = ("", ())
        self.is_open: bool = False
        """Text has come of a turn that has not ended."""
        # the same turn must not seem to begin later than it did, or its words would seem to have been passed over
        self._not_after = unfinished._start if unfinished is not None and unfinished.is_open else math.inf

    def take(self, raw: str, info: TurnInfo) -> list[Heard]:
        if info.turn_index != self._index:
            # the end of the one before may have been lost
            self._index, self.is_open = info.turn_index, False
        was_open = self.is_open
        heard = self._begin(info) if info.transcript and not was_open else []
        at = self._clock.call_time(info.audio_window_end)
        match info.event:
            case "EndOfTurn":
                heard += self._end(info) if was_open or info.transcript else []
            case "EagerEndOfTurn":
                eager = EagerEndOfTurn(info.transcript, info.end_of_turn_confidence, at)
                heard += [*self._news(info), Heard(raw, eager)]
            case "TurnResumed":
                heard += [Heard(raw, TurnResumed(at)), *self._news(info)]
            case _:
                heard += self._news(info)
        return heard

    def _begin(self, info: TurnInfo) -> list[Heard]:
        self.is_open, self._said = True, ("", ())
        window_start = self._clock.call_time(info.audio_window_start)
        if info.is_timed:
            speech_start = self._clock.call_time(info.words[0].start or 0.0)
            start = speech_start - BEFORE_FIRST_WORD_SECONDS
        else:
            start = self._clock.call_time(info.audio_window_end) - UNTIMED_LEAD_SECONDS
            speech_start = max(start, window_start)
        self._start = round(max(min(start, self._not_after), window_start), 6)
        self._not_after = math.inf
        return [from_fields({"type": "SpeechStarted", "channel": [0, 1], "timestamp": speech_start})]

    def _news(self, info: TurnInfo) -> list[Heard]:
        said = (info.transcript, tuple(info.words))
        if not info.transcript or said == self._said:
            return []
        self._said = said
        return [self._results(info, is_final=False)]

    def _end(self, info: TurnInfo) -> list[Heard]:
        self.is_open = False
        final = self._results(info, is_final=True)
        if not info.transcript:
            return [final]
        end = self._clock.call_time((info.words[-1].end if info.is_timed else None) or info.audio_window_end)
        return [final, from_fields({"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": end})]

    def _results(self, info: TurnInfo, *, is_final: bool) -> Heard:
        sure = [word.confidence for word in info.words if word.confidence is not None]
        alternative = {
            "transcript": info.transcript,
            "confidence": round(sum(sure) / len(sure), 4) if sure else 0.0,
            "words": [self._word(word) for word in info.words] if info.is_timed else [],
        }
        end = self._clock.call_time(info.audio_window_end)
        return from_fields(
            {
                "type": "Results",
                "channel_index": [0, 1],
                "start": self._start,
                "duration": round(max(end - self._start, 0.0), 6),
                "is_final": is_final,
                "speech_final": is_final,
                "channel": {"alternatives": [alternative]},
                "metadata": {"request_id": info.request_id},
            }
        )

    def _word(self, word: FluxWord) -> dict[str, Any]:
        assert word.start is not None
        assert word.end is not None
        fields = {
            "word": word.word,
            "start": self._clock.call_time(word.start),
            "end": self._clock.call_time(word.end),
            "punctuated_word": word.word,
        }
        return fields if word.confidence is None else {**fields, "confidence": word.confidence}
