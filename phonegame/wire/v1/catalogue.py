"""Every message of phonegame.v1, once: the AsyncAPI document and the README's table come from here."""

from __future__ import annotations

from enum import Enum
from typing import get_args

import msgspec

from phonegame.wire.v1.from_game import OnTheWire
from phonegame.wire.v1.to_game import Numbered, Unnumbered


class Direction(Enum):
    TO_GAME = "to the game"
    FROM_GAME = "to the server"


class Entry(msgspec.Struct, frozen=True):
    name: str
    """The message's `type`."""
    direction: Direction
    struct: type[msgspec.Struct]
    sentence: str
    numbered: bool
    """Whether it carries `seq`."""

    @property
    def fields(self) -> list[msgspec.structs.FieldInfo]:
        """Without `type` and `seq`; those that must be there first."""
        return sorted(msgspec.structs.fields(self.struct), key=lambda field: not field.required)


def _entry(struct: type[msgspec.Struct], direction: Direction, *, numbered: bool) -> Entry:
    return Entry(
        str(struct.__struct_config__.tag), direction, struct, " ".join((struct.__doc__ or "").split()), numbered
    )


CATALOGUE: tuple[Entry, ...] = (
    *(_entry(struct, Direction.TO_GAME, numbered=False) for struct in get_args(Unnumbered)),
    *(_entry(struct, Direction.TO_GAME, numbered=True) for struct in get_args(Numbered)),
    *(_entry(struct, Direction.FROM_GAME, numbered=False) for struct in get_args(OnTheWire)),
)


def table() -> str:
    """As Markdown: name, fields, what it is for."""
    parts = []
    for direction in Direction:
        rows = [_row(entry) for entry in CATALOGUE if entry.direction is direction]
        parts.append("\n".join((f"| {direction.value} | fields | |", "|---|---|---|", *rows)))
    return "\n\n".join(parts)


def _row(entry: Entry) -> str:
    names = [field.encode_name + ("" if field.required else "?") for field in entry.fields]
    fields = ", ".join(f"`{name}`" for name in (*(["seq"] if entry.numbered else []), *names))
    return f"| `{entry.name}` | {fields} | {entry.sentence} |"
