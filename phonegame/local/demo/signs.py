"""What both ends notice of a call that the game places: the phone does something, and the game is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

Step: TypeAlias = Literal["dialling", "ringing", "answered", "over"]
"""The first is for the game alone: no phone rings yet."""

AT_THE_PHONE: dict[Step, str] = {"ringing": "(rings)", "answered": "(picks up)", "over": "(is hung up)"}


class Told(NamedTuple):
    at: float
    detail: str


@dataclass
class Sign:
    """One step of a call; whichever end has it first makes it."""

    step: Step
    began: float
    at_phone: float | None = None
    told: list[Told] = field(default_factory=list)
    """What the game has been told: a step may be told twice, the second time with more."""

    @property
    def at_game(self) -> float | None:
        return self.told[0].at if self.told else None

    @property
    def detail(self) -> str:
        """What the game has been told beside the step itself."""
        return self.told[-1].detail if self.told else ""

    @property
    def delay(self) -> float | None:
        """From the phone to the game."""
        if self.at_phone is None or self.at_game is None:
            return None
        return max(0.0, self.at_game - self.at_phone)

    @property
    def is_complete(self) -> bool:
        return self.at_game is not None and (self.at_phone is not None or self.step not in AT_THE_PHONE)
