from __future__ import annotations

import environment

MOST_LINES = 400


def test_no_file_has_two_subjects() -> None:
    """Which is what a file of more than 400 lines has."""
    files = [path for folder in ("phonegame", "scripts") for path in (environment.ROOT / folder).rglob("*.py")]
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {str(path): count for path, count in lines.items() if count > MOST_LINES} == {}
