"""`/v2/listen`: Flux, which decides when the caller is done."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import structlog

from phonegame.audio import BYTES_PER_MS
from phonegame.deepgram.flux import (
    CHUNK_MS,
    DEFAULT_EOT_TIMEOUT_MS,
    Connected,
    FatalError,
    TurnInfo,
    Warned,
    parse,
)
from phonegame.deepgram.messages import ConfigureFailure, ConfigureSuccess, Error, Other
from phonegame.listen.flux_turns import FluxTurns
from phonegame.listen.heard import Heard
from phonegame.listen.session import Session
from phonegame.listen.session_clock import SessionClock

LEAST_STALL_SECONDS = 3.0
STALL_TIMEOUTS = 4
"""Flux has been seen to get stuck in a turn, and then it does not keep to its `eot_timeout_ms` either."""

CODE_LENGTH = 64
"""Of an error's code in the log; its description may repeat what it was sent."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class ApiFlux:
    """Warnings, errors and what is unknown leave it as they came; of turns see flux_turns.py."""

    piece_bytes = CHUNK_MS * BYTES_PER_MS
    backlog_bytes = piece_bytes
    finalize: str | None = None
    needs_silence = True

    def __init__(self, url: str, stall_seconds: float) -> None:
        self._stall_seconds = stall_seconds
        self._stall_in_turn = min(stall_seconds, max(LEAST_STALL_SECONDS, STALL_TIMEOUTS * _eot_timeout(url)))
        self._clock = SessionClock()
        self._turns = FluxTurns(self._clock)
        self.has_answered = False

    @property
    def is_in_turn(self) -> bool:
        return self._turns.is_open

    @property
    def stall_seconds(self) -> float:
        return self._stall_in_turn if self._turns.is_open else self._stall_seconds

    def begin_session(self, offset: float) -> None:
        self._clock = SessionClock(offset)
        self._turns = FluxTurns(self._clock, unfinished=self._turns)
        self.has_answered = False

    def add_silence(self, at: float, seconds: float) -> None:
        self._clock.add_silence(at, seconds)

    def read(self, raw: str) -> list[Heard] | None:
        match message := parse(raw):
            case None:
                return None
            case TurnInfo():
                self.has_answered = True
                return self._turns.take(raw, message)
            case Connected():
                return []
            case ConfigureSuccess() | ConfigureFailure() | Other():
                return [Heard(raw, message)]
            case Warned():
                return [Heard(raw, Other("Warning"))]
            case FatalError(code=code, description=description):
                log.warning("Deepgram's Flux ends the session", code=code[:CODE_LENGTH])
                return [Heard(raw, Error(description))]

    async def keep_alive(self, session: Session) -> None:
        await session.ping()


def _eot_timeout(url: str) -> float:
    """Seconds."""
    given = parse_qs(urlsplit(url).query).get("eot_timeout_ms", [""])[0]
    return (int(given) if given.isdecimal() else DEFAULT_EOT_TIMEOUT_MS) / 1000
