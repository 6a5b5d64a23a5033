"""What other parts of a worker may do with other workers: write to them, and lend them a slot."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from phonegame.switchboard import Caller, Reserved


class Service(Protocol):
    """Something that workers write to each other about."""

    def take_letter(self, worker: str, content: bytes) -> None: ...

    def lose_worker(self, worker: str) -> None:
        """It is dead, or letters to or from it were lost."""

    def watched(self) -> Iterable[str]:
        """Workers whose death matters."""


class Elsewhere(Protocol):
    @property
    def worker(self) -> str:
        """This one."""

    def serve(self, name: str, service: Service) -> None:
        """It has a name of its own, the same on all workers."""

    def write_nowait(self, worker: str, service: str, content: bytes) -> None:
        """To the service of this name over there: all that is written arrives, once, in order, or `lose_worker`."""

    async def is_alive(self, worker: str) -> bool | None:
        """None: nobody can tell, since Redis is away."""

    def lend_nowait(self, worker: str, line: str, reserved: Reserved) -> None:
        """The call for which the slot is has come to that worker: the line begins and ends from there."""

    def borrow_nowait(self, worker: str, line: str, player: int, caller: Caller) -> Reserved:
        """What that worker has lent."""
