"""Scripts by their text: read, checked, and kept at hand."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

import trio

from phonegame.characters.brain import BrainError
from phonegame.characters.brains.script.check import check_script
from phonegame.characters.brains.script.faults import Fault, Faults
from phonegame.characters.brains.script.model import Script
from phonegame.characters.brains.script.read import parse_toml, read_tables
from phonegame.characters.persona import Action

_KEPT_SCRIPTS = 64
_SHOWN_FAULTS = 3
_SHORT_SCRIPT = 20_000
"""Characters, which are read in a few milliseconds; a longer one is read in a thread."""


def read_script(text: str, actions: Iterable[Action] | None = None) -> tuple[Script | None, Faults]:
    """The script, if it can be used, and everything that is wrong with it. Never raises, whatever the text.

    `actions`: those that are declared, for those of the script to be checked against.
    """
    faults = Faults()
    content = parse_toml(text, faults)
    return (None, faults) if content is None else read_parsed(content, actions)


def read_parsed(content: Mapping[str, Any], actions: Iterable[Action] | None = None) -> tuple[Script | None, Faults]:
    """The same for what TOML has been made into."""
    faults = Faults()
    script = read_tables(content, faults)
    check_script(script, actions, faults)
    return (None if faults.errors else script), faults


def _read(text: str) -> Script | tuple[Fault, ...]:
    script, faults = read_script(text)
    return script if script is not None else faults.errors


class _Scripts:
    """Those that were read last: one for all calls that follow it."""

    def __init__(self) -> None:
        self._kept: dict[str, Script | tuple[Fault, ...]] = {}
        self._lock = threading.Lock()
        """Scripts are read in threads, too."""

    def get(self, text: str) -> Script | tuple[Fault, ...] | None:
        return self._kept.get(text)

    def keep(self, text: str, read: Script | tuple[Fault, ...]) -> None:
        with self._lock:
            self._kept[text] = read
            while len(self._kept) > _KEPT_SCRIPTS:
                del self._kept[next(iter(self._kept))]


_scripts = _Scripts()


def remember(text: str, script: Script) -> None:
    """Has it at hand for the first turn: whoever has checked a file has read it."""
    _scripts.keep(text, script)


async def script_of(text: str) -> Script:
    """Raises BrainError."""
    if not text:
        raise BrainError("this character has no script to follow; give it one, or set PHONEGAME_MODEL")
    found = _scripts.get(text)
    if found is None:
        found = await trio.to_thread.run_sync(_read, text) if len(text) > _SHORT_SCRIPT else _read(text)
        _scripts.keep(text, found)
    if isinstance(found, Script):
        return found
    shown = "; ".join(map(str, found[:_SHOWN_FAULTS]))
    more = f"; and {len(found) - _SHOWN_FAULTS} more" if len(found) > _SHOWN_FAULTS else ""
    raise BrainError(f"the script cannot be used: {shown}{more}")
