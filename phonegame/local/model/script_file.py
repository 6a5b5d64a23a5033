"""Scripts from a file, TOML, with the very names of `script.py`:

[[answer]]
text = "What would you like on it?"
token = 0.05
[[answer]]
said = "mushrooms"
text = "Mushrooms it is."
calls = [{ name = "order", arguments = { topping = "mushrooms" } }]
[[answer]]
status = 429
[then]
text = "Goodbye."
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from phonegame.local.model.script import ECHO, Answer, Script


class ScriptFileError(ValueError):
    """The file cannot be used; the text names the file and the field."""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    answer: tuple[Answer, ...] = ()
    then: Answer = ECHO


def load_script(path: Path) -> Script:
    try:
        return parse_script(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ScriptFileError(f"{path}: {error}; `phonegame model --help` shows a script") from error


def parse_script(toml: str) -> Script:
    """ValueError names the field that is wrong."""
    file = msgspec.convert(tomllib.loads(toml), _File)
    return Script(file.answer, file.then)
