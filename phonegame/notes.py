"""What workers leave for each other for a while: which tokens there are, how calls have ended, who has tried how often.

A single process needs none: what it knows itself is enough.
"""

from __future__ import annotations

from typing import Protocol


class NotesAway(Exception):
    """They cannot be reached at present. What was to be noted may have been."""


class Notes(Protocol):
    """Keys are ours, and hold no secret. All methods raise `NotesAway`."""

    async def put(self, key: str, content: bytes, seconds: float) -> None: ...

    async def put_first(self, key: str, content: bytes, seconds: float) -> bool:
        """False: somebody has been faster, and nothing is changed."""

    async def get(self, key: str) -> bytes | None: ...

    async def take(self, key: str) -> bytes | None:
        """It is gone then: who else takes it gets None."""

    async def count(self, key: str, seconds: float) -> int:
        """How often it was counted, this time included, in the seconds since the first time."""

    async def counted(self, key: str) -> int: ...
