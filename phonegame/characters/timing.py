"""How long the caller has waited for a reply, and for whom."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(slots=True)
class TurnTimes:
    """Of one turn, on trio's clock; None for what has not come to be. Each is taken where it happens."""

    speech_ended: float | None = None
    """The last word, by the time in the audio that Deepgram gives it."""
    final_result: float | None = None
    """Deepgram's last final result of the turn is here."""
    turn_ended: float | None = None
    """It is known that the caller is done."""
    first_token: float | None = None
    """Of the brain; before `turn_ended` where it began to think at the probable end of the turn."""
    first_phrase: float | None = None
    first_audio: float | None = None
    """The voice's first byte."""
    first_frame: float | None = None
    """Is being written to the media stream."""

    def as_milliseconds(self) -> dict[str, int]:
        """For logs: each since the last word, or without one since the turn began."""
        begin = self.speech_ended if self.speech_ended is not None else self.turn_ended
        times = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: round((at - begin) * 1000) for name, at in times if at is not None and begin is not None}
