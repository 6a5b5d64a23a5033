"""What has come of one saying, and whether that is right: every byte, and every receipt."""

from __future__ import annotations

from dataclasses import dataclass, field

from .traffic import BYTES_PER_SECOND

_ROUNDING_BYTES = 8
"""Receipts tell milliseconds."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """`say_finished`."""

    heard: str
    seconds: float
    interrupted: bool
    dropped: str | None


@dataclass(slots=True)
class Saying:
    """One that a game has sent, and what its caller and the game have got since."""

    say_id: str
    text: str
    kind: str
    sent_at: float
    has_receipt: bool
    """Whether the protocol has any."""
    clear_at_once: bool = False
    """Whether the game clears it away as soon as it is heard."""
    audio: bytearray = field(default_factory=bytearray)
    marks: int = 0
    """One comes behind each sentence."""
    starts: int = 0
    receipts: list[Receipt] = field(default_factory=list)
    heard_until_clear: float | None = None
    """Seconds of it that had been played when `clear` came, as computed from when its audio came."""

    @property
    def is_sent(self) -> bool:
        """Whether all of it has come: its sentences end in full stops, and have no others."""
        return self.marks == self.text.count(".")

    @property
    def was_cut(self) -> bool:
        return self.heard_until_clear is not None

    def fault(self, recordings: dict[str, bytes]) -> str | None:
        """None: all is right. `recordings` has what texts sound like, and learns those that were heard to the end."""
        if not self.audio:
            return "nothing was heard"
        recording = recordings.get(self.text)
        if recording is None and not self.was_cut:
            recordings[self.text] = bytes(self.audio)
        elif recording is not None and not self._fits(recording):
            return f"{len(self.audio)} bytes were heard that are not those of the recording"
        return self._fault_of_receipts() if self.has_receipt else None

    def _fits(self, recording: bytes) -> bool:
        heard = bytes(self.audio)
        return recording.startswith(heard) if self.was_cut else recording == heard

    def _fault_of_receipts(self) -> str | None:
        if self.starts != 1 or len(self.receipts) != 1:
            return f"say_started came {self.starts} times, say_finished {len(self.receipts)} times"
        receipt = self.receipts[0]
        sent = len(self.audio) / BYTES_PER_SECOND
        excess = abs(receipt.seconds - sent) if not self.was_cut else receipt.seconds - sent
        if excess * BYTES_PER_SECOND > _ROUNDING_BYTES:
            return f"the receipt tells of {receipt.seconds:.3f} s, and {sent:.3f} s were heard or waiting"
        return self._fault_of_ending(receipt)

    def _fault_of_ending(self, receipt: Receipt) -> str | None:
        endings = (receipt.interrupted, receipt.dropped)
        if not self.was_cut:
            is_right = endings == (False, None) and receipt.heard == self.text
        elif self.clear_at_once:
            is_right = endings == (False, "cleared") and self.text.startswith(receipt.heard)
        else:
            is_right = endings == (True, None) and self.text.startswith(receipt.heard)
        interrupted, dropped = endings
        state = f"interrupted {interrupted}, dropped {dropped}, {len(receipt.heard)} characters heard"
        return None if is_right else f"{'cut off' if self.was_cut else 'heard to its end'}, the receipt says: {state}"
