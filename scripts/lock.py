"""Makes requirements.lock from pyproject.toml; for whoever changes the dependencies. Needs uv on the path.

One lock serves every Python version and system, through markers. It also pins what builds phonegame itself.
`--upgrade` takes the newest versions; without it, uv keeps every pin that still fits.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Sequence

from environment import LOCK, PYPROJECT, ROOT


def main(arguments: Sequence[str]) -> int:
    build_requirements = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["build-system"]["requires"]
    command = ["uv", "pip", "compile", "--universal", "--all-extras", "--quiet"]
    command += ["--custom-compile-command", "python scripts/lock.py", "--annotation-style", "line"]
    command += [*arguments, PYPROJECT.name, "-", "--output-file", LOCK.name]
    try:
        compiled = subprocess.run(command, cwd=ROOT, input="\n".join(build_requirements), text=True, check=False)
    except FileNotFoundError:
        print("uv is not installed: https://docs.astral.sh/uv/getting-started/installation/", file=sys.stderr)
        return 1
    return compiled.returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
