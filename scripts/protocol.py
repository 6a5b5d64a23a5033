"""Writes the table of phonegame.v1's messages into the README, between two comments.

`--check` writes nothing, and exits with 1 where the README is not up to date.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from phonegame.wire.v1.catalogue import table

README = Path(__file__).parent.parent / "README.md"
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
    options = parser.parse_args(arguments)
    text = options.readme.read_text(encoding="utf-8")
    wanted = as_in_readme(text)
    if text == wanted:
        return 0
    if options.check:
        print("The README's table of phonegame.v1 is not up to date; python scripts/protocol.py writes it anew")
        return 1
    options.readme.write_text(wanted, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
