"""The phones that the demo's carrier rings, as its file has them."""

from __future__ import annotations

import json
from pathlib import Path

from phonegame.local.demo.script import CALL_BACK

PLAYER = "+12015550142"
"""Kept for films and books."""
DIALLED = "+1201"
RECORDING = "answered.wav"
MANNERS_SECONDS = 0.8
"""Of silence, before somebody who has been rung up takes it that it is their turn."""


STAY_SECONDS = 20
"""After the last sentence, before they hang up: what is said then is heard, and the game's slot is free again."""


def write_phones(folder: Path) -> Path:
    """Who answers lets the other side speak first, then says the sentence of the script."""
    steps = ", ".join(
        step
        for turn in CALL_BACK.turns
        for step in (f"{{ listen = {MANNERS_SECONDS} }}", f"{{ say = {json.dumps(turn.said)} }}")
    )
    file = folder / "phones.toml"
    file.write_text(
        f'["{PLAYER}"]\nsteps = [{steps}]\nstay = {STAY_SECONDS}\nrecord = "{RECORDING}"\n', encoding="utf-8"
    )
    return file
