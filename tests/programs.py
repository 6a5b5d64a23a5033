"""Programs of the system that some tests need: skipped where they are absent, unless the environment asks for all."""

from __future__ import annotations

import os
import shutil

import pytest

REQUIRED = "PHONEGAME_TESTS_REQUIRE"
"""An environment variable: names of programs that must be there, with spaces between them. CI sets it."""


def needed_program(name: str, package: str | None = None) -> str:
    """Its path. `package`: what Debian calls the package, where that is another name."""
    if path := shutil.which(name):
        return path
    missing = f"{name} is not installed: apt-get install {package or name}"
    if name in os.environ.get(REQUIRED, "").split():
        pytest.fail(missing)
    pytest.skip(missing)
