"""What is different between `/v1/listen` and `/v2/listen`, for a connection that need not know which it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from phonegame.local.speech.heard import Heard
from phonegame.local.speech.intake import BadText, Close, Configure, Received
from phonegame.local.speech.messages import JSON


class SpeechApi(Protocol):
    """One connection's. `until` is how many seconds of audio have come in; every list is what the client is told."""

    def parse(self, text: str) -> Received:
        """A text frame of the client's."""

    def hello(self) -> list[JSON]: ...

    def refuse_text(self, bad: BadText) -> tuple[list[JSON], Close]: ...

    def advance(self, heard: Sequence[Heard], until: float) -> list[JSON]:
        """More audio has come, in which this was heard."""

    def finalize(self, heard: Sequence[Heard], until: float) -> list[JSON]: ...

    def force_end(self, until: float) -> list[JSON]: ...

    def close(self, heard: Sequence[Heard], until: float, checksum: str) -> list[JSON]:
        """The last words."""

    def refuse_configure(self, code: str, description: str) -> JSON: ...

    def fault_of(self, configure: Configure) -> JSON | None:
        """The refusal of what cannot be."""

    def configure(self, configure: Configure) -> JSON:
        """All but what is the recogniser's has been done with it."""
