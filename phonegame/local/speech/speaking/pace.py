"""How fast audio is made, and into which pieces it is cut."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """`first_byte_seconds` from a Flush to its first audio; from there on `speed` times real time, None: at once.

    Each binary frame has from `least_chunk` to `most_chunk` bytes; the sizes come from `seed` and the connection's
    number, so that each run is like the one before.
    """

    first_byte_seconds: float = 0.0
    speed: float | None = None
    least_chunk: int = 1
    most_chunk: int = 4000
    seed: int = 0

    def chunk_sizes(self, connection: int) -> Iterator[int]:
        """Without end."""
        source = random.Random(f"{self.seed}/{connection}")
        while True:
            yield source.randint(self.least_chunk, self.most_chunk)

    def due_after(self, audio_seconds: float) -> float:
        """Seconds from the Flush until the piece that begins `audio_seconds` into its audio may go out."""
        return self.first_byte_seconds + (audio_seconds / self.speed if self.speed else 0.0)


LIKE_DEEPGRAM = Pace(first_byte_seconds=0.2, speed=8.0)
"""Deepgram tells 277 ms to the first byte of a new connection (docs: text-to-speech-latency); the rest is a guess."""
