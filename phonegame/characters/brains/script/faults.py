"""What is wrong in a script or a character's file: everything at once, each with its place."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Fault:
    """`str` of it is a line for the author: where it is, what is wrong, what to do."""

    place: str
    """As the author would say it: "state order, rule 2, hear"."""
    text: str
    warning: bool = False
    """The script runs all the same."""

    def __str__(self) -> str:
        return f"{self.place}: {self.text}" if self.place else self.text


@dataclass(slots=True)
class Faults:
    """Collected while a file is read, so that nobody has to mend one in order to see the next."""

    found: list[Fault] = field(default_factory=list)

    def add(self, place: str, text: str) -> None:
        self.found.append(Fault(place, text))

    def warn(self, place: str, text: str) -> None:
        self.found.append(Fault(place, text, warning=True))

    @property
    def errors(self) -> tuple[Fault, ...]:
        return tuple(fault for fault in self.found if not fault.warning)

    @property
    def warnings(self) -> tuple[Fault, ...]:
        return tuple(fault for fault in self.found if fault.warning)


def suggestion(name: str, known: Iterable[str]) -> str:
    """What stands behind "unknown": the name that was probably meant, or all that there are."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, 1)
    if close:
        return f"did you mean {close[0]!r}?"
    if not names:
        return "there are none"
    shown = ", ".join(names[:20])
    return f"there are: {shown}{', ...' if len(names) > 20 else ''}"
