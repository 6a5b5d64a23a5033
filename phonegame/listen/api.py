"""What is different between Deepgram's two APIs for listening, for a listener that need not know which it is."""

from __future__ import annotations

from typing import Protocol

from phonegame.listen.heard import Heard
from phonegame.listen.session import Session


class ListenApi(Protocol):
    """One call's. Its sessions come one after the other, each begun by `begin_session`."""

    @property
    def piece_bytes(self) -> int:
        """Audio goes out in pieces of so many bytes at least, as soon as there are so many."""

    @property
    def backlog_bytes(self) -> int:
        """Audio that has waited goes out in pieces of so many bytes at most."""

    @property
    def finalize(self) -> str | None:
        """The message that asks for the final of what is being said. None: there is none, nor need of one."""

    @property
    def needs_silence(self) -> bool:
        """Whether a turn does not end where the audio does. Then silence is sent while `is_in_turn`."""

    @property
    def is_in_turn(self) -> bool:
        """Whether somebody has spoken, and is not known to be done."""

    @property
    def has_answered(self) -> bool:
        """Whether this session has shown that it understands the audio."""

    @property
    def stall_seconds(self) -> float:
        """So much audio without an answer means that the session is stuck."""

    def begin_session(self, offset: float) -> None:
        """A session begins whose first byte of audio is `offset` seconds into the call."""

    def add_silence(self, at: float, seconds: float) -> None:
        """The session was sent silence that is not the call's, when it had had `at` seconds of the call."""

    def read(self, raw: str) -> list[Heard] | None:
        """A message in the words of `/v1/listen`, as none, one or more, on the call's time. None: it is no message."""

    async def keep_alive(self, session: Session) -> None:
        """No audio has come for a while. Raises DeepgramFailure where the session is found to be dead."""
