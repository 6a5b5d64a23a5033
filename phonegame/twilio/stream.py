"""Reads a media stream: frames of text in, the call's audio and what else happened out."""

from __future__ import annotations

import structlog

from phonegame.twilio.messages import Dtmf, MalformedMessage, Mark, Media, MediaFormat, Start, Stop, Unknown, parse
from phonegame.twilio.timeline import Timeline

MAX_MESSAGE_LENGTH = 64 * 1024
"""Twilio's own messages have 300 characters; some of its samples put seconds of audio into one."""
MAX_MALFORMED = 100
"""A single bad message does no harm; a flood of them is no phone call."""

Happening = Start | Dtmf | Mark | Stop

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class StreamReader:
    """`read` never raises: bad messages are counted, and logged once."""

    def __init__(self) -> None:
        self._timeline = Timeline()
        self._starts = 0
        self.malformed = 0
        self.unusable: str | None = None
        """Why no audio of the stream can be used: the call should be ended."""

    @property
    def flooded(self) -> bool:
        """So much nonsense has come that the stream should be ended."""
        return self.malformed > MAX_MALFORMED

    @property
    def filled(self) -> int:
        """Bytes of silence that stand for audio which never came."""
        return self._timeline.filled

    @property
    def dropped(self) -> int:
        """Bytes of audio that came twice, or too late."""
        return self._timeline.dropped

    def read(self, batch: list[str]) -> tuple[bytes, list[Happening]]:
        """The audio of the batch on the call's time line, and what else was in it, in order."""
        audio: list[bytes] = []
        happenings: list[Happening] = []
        for text in batch:
            try:
                if len(text) > MAX_MESSAGE_LENGTH:
                    raise MalformedMessage(f"longer than {MAX_MESSAGE_LENGTH} characters")
                message = parse(text)
                if isinstance(message, Media):
                    if message.is_inbound and self.unusable is None:
                        audio.append(self._timeline.place(message.audio(), message.timestamp))
                elif isinstance(message, Start):
                    happenings += self._start(message)
                elif isinstance(message, Dtmf | Mark | Stop):
                    happenings.append(message)
                elif isinstance(message, Unknown):
                    log.debug("unknown event from Twilio ignored")
            except MalformedMessage as error:
                self._count(error)
        return audio[0] if len(audio) == 1 else b"".join(audio), happenings

    def _start(self, start: Start) -> list[Happening]:
        self._starts += 1
        if self._starts > 1:
            if self._starts == 2:
                log.warning("second start of the same stream ignored")
            return []
        if start.media_format != MediaFormat():
            self.unusable = "start.mediaFormat is not audio/x-mulaw, 8000, 1"
            return []
        return [start]

    def _count(self, error: MalformedMessage) -> None:
        self.malformed += 1
        if self.malformed == 1:
            log.warning("malformed message from Twilio; more of them are only counted", why=str(error))
