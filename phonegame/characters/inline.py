"""Characters that a game tells itself, in the fields of a message: made into a `Persona`, or into all that is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from phonegame.characters.actions import faults_of
from phonegame.characters.files import Examined, examine
from phonegame.characters.persona import Persona

SHOWN_FAULTS = 20
MAX_SHOWN = 200
"""Characters of one of them."""


class InlineCharacter(Persona, frozen=True, kw_only=True, omit_defaults=True):
    """A character. Its `script` may be a whole character file: what that says counts where nothing else is said."""

    name: Annotated[
        str, Meta(max_length=64, description="Whose memory it is: who calls again finds it again. Or in `script`.")
    ] = ""


@dataclass(frozen=True, slots=True)
class Invalid:
    """What is wrong, in a line for each fault. `field` is the first one's."""

    field: str
    what: str


def as_persona(inline: InlineCharacter, at: str = "") -> Persona | Invalid:
    """Never raises. Takes some milliseconds for a large script. `at`: what stands before the names of its fields."""
    given = {name: value for name in _FIELDS if (value := getattr(inline, name)) != getattr(_EMPTY, name)}
    examined = examine(inline.script, given) if inline.script else None
    faults = list(_faults(inline, examined))
    if faults:
        return _invalid([(f"{at}{field}", what) for field, what in faults])
    if examined is None:
        return Persona(**given)
    assert examined.persona is not None
    return examined.persona


_EMPTY = InlineCharacter()
_FIELDS = tuple(name for name in Persona.__struct_fields__ if name != "script")


def _faults(inline: InlineCharacter, examined: Examined | None) -> Iterator[tuple[str, str]]:
    """(field, what)"""
    for index, fault in faults_of(inline.actions):
        yield f"actions[{index}].{fault.field}", fault.why
    if examined is not None:
        for each in examined.faults.errors:
            # the message's actions have had theirs
            if not (inline.actions and each.place.startswith("action ")):
                yield "script", str(each)
        return
    if not inline.name:
        yield "name", "is missing"
    if not inline.persona:
        yield "persona", "is missing, and so is script; who is it, or what does it say?"


def _invalid(faults: list[tuple[str, str]]) -> Invalid:
    lines = [f"{field}: {what}"[:MAX_SHOWN] for field, what in faults[:SHOWN_FAULTS]]
    if len(faults) > SHOWN_FAULTS:
        lines.append(f"and {len(faults) - SHOWN_FAULTS} more")
    return Invalid(faults[0][0], "\n".join(lines))
