"""The codes that games show and callers say: which there are (`parse_codes`), and who has which (`CodePool`).

Two codes are the same when their `code_key` is: case, spaces and hyphens do not count. Shown is what is written.
"""

from __future__ import annotations

import random
import re
from collections import deque
from collections.abc import Iterable, KeysView
from importlib import resources
from pathlib import Path

from phonegame.vocabulary import NOT_A_CODE

MAX_CODES = 1_000_000
"""Of a range or a file."""

MAX_CODE_LENGTH = 16
"""Letters and digits of one code: longer ones do not survive the way from the screen to the phone."""

CODES_HELP = "use a range such as 0-99 or 1000-9999, or: words, or: file:PATH (one code a line)"

_RANGE = re.compile(r"([0-9]+)\s*-\s*([0-9]+)")
_CODE = re.compile(r"[A-Za-z0-9]+(?:[ -][A-Za-z0-9]+)*")


def code_key(code: str) -> str:
    """What is compared: `Red Fox`, `red-fox` and `REDFOX` are one code."""
    return code.replace(" ", "").replace("-", "").lower()


def parse_codes(spec: str) -> list[str]:
    """All codes of the setting `PHONEGAME_CODES`, each once, in the order in which they are written there.

    `0-99`, `000-999` (keeps the width), `words` (the built-in list), `file:PATH` (one a line, `#` begins a
    comment). A file is read here, and only here.
    Raises ValueError with a message for the operator, which does not name the setting.
    """
    spec = spec.strip()
    if spec == "words":
        return built_in_words()
    if spec.startswith("file:"):
        return _read_file(spec.removeprefix("file:").strip())
    if match := _RANGE.fullmatch(spec):
        return _range_codes(spec, match[1], match[2])
    raise ValueError(f"{spec!r} is no set of codes: {CODES_HELP}")


def built_in_words() -> list[str]:
    """Short English words that sound unlike each other on the phone; the file says how they were chosen."""
    text = resources.files("phonegame").joinpath("data", "code_words.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _range_codes(spec: str, lower: str, upper: str) -> list[str]:
    first, last = int(lower), int(upper)
    if last < first:
        raise ValueError(f"the range {spec} ends below its beginning: write {upper}-{lower}")
    if last - first >= MAX_CODES:
        raise ValueError(f"the range {spec} has {last - first + 1} codes: at most {MAX_CODES} are possible")
    if max(len(lower), len(upper)) > MAX_CODE_LENGTH:
        raise ValueError(f"the range {spec} has codes of more than {MAX_CODE_LENGTH} digits: use shorter ones")
    padded = any(end.startswith("0") and len(end) > 1 for end in (lower, upper))
    if not padded:
        return [str(number) for number in range(first, last + 1)]
    if len(lower) != len(upper):
        raise ValueError(
            f"the range {spec} has leading zeros, but ends of different length: "
            f"write both with {len(upper)} digits, such as {lower.zfill(len(upper))}-{upper}"
        )
    return [str(number).zfill(len(lower)) for number in range(first, last + 1)]


def _read_file(name: str) -> list[str]:
    if not name:
        raise ValueError("file: names no file: write file:PATH, with one code a line in that file")
    try:
        text = Path(name).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"the file {name} is not UTF-8 text: save it as UTF-8, with one code a line") from error
    except OSError as error:
        raise ValueError(
            f"the file {name} cannot be read ({error.strerror}): check the path and its permissions"
        ) from error
    codes = _codes_of_lines(name, text.splitlines())
    if not codes:
        raise ValueError(f"the file {name} has no codes: write one a line")
    if len(codes) > MAX_CODES:
        raise ValueError(f"the file {name} has {len(codes)} codes: at most {MAX_CODES} are possible")
    return codes


def _codes_of_lines(name: str, lines: Iterable[str]) -> list[str]:
    codes: list[str] = []
    line_of_key: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        code = " ".join(line.partition("#")[0].split())
        if not code:
            continue
        if fault := _fault_of(code):
            raise ValueError(f"the file {name}, line {number}: {code!r} {fault}")
        first = line_of_key.setdefault(code_key(code), number)
        if first != number:
            raise ValueError(f"the file {name}, line {number}: {code!r} is there already, in line {first}: remove one")
        codes.append(code)
    return codes


def _fault_of(code: str) -> str | None:
    if not _CODE.fullmatch(code):
        return "is no code: use the letters A to Z and digits, with single spaces or hyphens between them"
    if len(code_key(code)) > MAX_CODE_LENGTH:
        return f"is too long: use at most {MAX_CODE_LENGTH} letters and digits"
    # a letter by itself may be a part of a code ("a 7"), not all of it
    words = [word for word in re.split("[ -]", code.lower()) if len(word) > 1 or len(code) == 1]
    if unusable := [word for word in words if word in NOT_A_CODE]:
        return f"cannot be told from other speech: callers say {unusable[0]!r} as a number, or around a code"
    return None


_KEYS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")


def on_keys(key: str) -> str:
    """The keys of a telephone (ITU-T E.161) for the letters of a `code_key`: tiger is 84437."""
    return key.translate(_KEYS)


class CodePool:
    """Hands out codes at random, none twice at once. A code that comes back goes behind all that are free.

    Everything is O(1) but building it; a million codes take a second. Synchronous, for one process.
    """

    def __init__(self, codes: Iterable[str], *, random: random.Random) -> None:
        free = list(codes)
        random.shuffle(free)
        self._free = deque(free)
        self._out: dict[str, None] = {}

    @property
    def capacity(self) -> int:
        """How many codes there are, free or not."""
        return len(self._free) + len(self._out)

    @property
    def active(self) -> KeysView[str]:
        """The codes that are out, as a live view in the order in which they went out."""
        return self._out.keys()

    def take(self) -> str | None:
        """A code that is now active; None if none is free."""
        if not self._free:
            return None
        code = self._free.popleft()
        self._out[code] = None
        return code

    def give_back(self, code: str) -> None:
        """Raises ValueError if the code is not out: somebody gave it back twice, or made it up."""
        if code not in self._out:
            raise ValueError(f"the code {code!r} is not out")
        del self._out[code]
        self._free.append(code)
