"""Writes phonegame.v1's messages where they are told: a table in the README, and the JavaScript client's messages.js.

`--check` writes nothing, and exits with 1 where one of them is not up to date.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from javascript_messages import messages_module

from phonegame.wire.v1.catalogue import table

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
MESSAGES = ROOT / "phonegame" / "clients" / "javascript" / "messages.js"
BEGIN, END = "<!-- phonegame.v1 -->", "<!-- /phonegame.v1 -->"


def as_in_readme(text: str) -> str:
    """The README's text with the table as it should be."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"The README has no place for the table: {BEGIN} and, behind it, {END}")
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 where it is not up to date")
    parser.add_argument("readme", nargs="?", type=Path, default=README)
    parser.add_argument("messages", nargs="?", type=Path, default=MESSAGES, help="the JavaScript client's")
    options = parser.parse_args(arguments)
    wanted = {
        options.readme: as_in_readme(options.readme.read_text(encoding="utf-8")),
        options.messages: messages_module(),
    }
    stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    if stale and options.check:
        for path in stale:
            print(f"{path.name} does not have phonegame.v1 as it is; python scripts/protocol.py writes it anew")
        return 1
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
