"""python3 scripts/test.py [--python 3.11] [pytest arguments]: format, lint, types, tests; on 3.11 and 3.13.

Each Python has its own environment, .venv-test-<version>, which is kept from run to run. Format and lint do
not depend on the version of Python and run once.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

import environment
import interpreters

TESTED_VERSIONS = ("3.11", "3.13")
FOLDERS = ("phonegame", "tests", "scripts")

# All of flake8-async, also what is off by default (900, 910 to 913); but not ASYNC114, which asks for
# configuration, nor ASYNC128, which misreads a `task_status` that is handed on.
ASYNC_OPTIONS = ("--enable=ASYNC", "--disable=ASYNC114,ASYNC128")


class Result(NamedTuple):
    step: str
    version: str
    passed: bool
    seconds: float


def main(arguments: Sequence[str]) -> int:
    environment.require_python()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", metavar="VERSION", action="append", help="such as 3.13; may be given twice")
    options, pytest_arguments = parser.parse_known_args(arguments)
    pythons = _find_pythons(options.python)
    results: list[Result] = []
    for number, (version, interpreter) in enumerate(pythons.items()):
        results += _check(version, interpreter, is_first=number == 0, pytest_arguments=pytest_arguments)
    _print_summary(results, missing=[] if options.python else [v for v in TESTED_VERSIONS if v not in pythons])
    return 0 if all(result.passed for result in results) else 1


def _find_pythons(versions: Sequence[str] | None) -> dict[str, str]:
    """Version -> interpreter. What was asked for must be there; by default, what is found."""
    found = {version: interpreters.find_interpreter(version) for version in versions or TESTED_VERSIONS}
    pythons = {version: path for version, path in found.items() if path is not None}
    if versions and len(pythons) < len(found):
        raise SystemExit(f"Python {' and '.join(found.keys() - pythons.keys())} not found here.")
    return pythons or {interpreters.this_version(): sys.executable}


def _check(version: str, interpreter: str, *, is_first: bool, pytest_arguments: Sequence[str]) -> list[Result]:
    """Every step for one Python; a step that fails does not keep the others from running."""
    started = time.monotonic()
    _print_title(f"environment, Python {version}")
    try:
        python = environment.ensure(environment.ROOT / f".venv-test-{version}", ["local", "test"], interpreter)
    except environment.EnvironmentFault as fault:
        print(f"\n{fault}", file=sys.stderr)
        return [Result("environment", version, passed=False, seconds=time.monotonic() - started)]
    results = [Result("environment", version, passed=True, seconds=time.monotonic() - started)]
    steps = {
        "format": ["ruff", "format", "--check", *FOLDERS],
        "lint": ["ruff", "check", *FOLDERS],
        "async lint": ["flake8_async", *ASYNC_OPTIONS, *_python_files()],
        "types": ["mypy"],
        "tests": ["pytest", *pytest_arguments],
    }
    for step, module in steps.items():
        if is_first or step in ("types", "tests"):
            results.append(_run_step(step, version, [str(python), "-m", *module]))
    return results


def _python_files() -> list[str]:
    root = environment.ROOT
    return [str(path.relative_to(root)) for folder in FOLDERS for path in sorted((root / folder).rglob("*.py"))]


def _run_step(step: str, version: str, command: Sequence[str]) -> Result:
    _print_title(f"{step}, Python {version}")
    started = time.monotonic()
    finished = subprocess.run(command, cwd=environment.ROOT, env=_clean_variables(), check=False)
    return Result(step, version, finished.returncode == 0, time.monotonic() - started)


def _clean_variables() -> dict[str, str]:
    """Without what would make the checks see other modules or settings than those of their environment."""
    unwanted = {"PYTHONPATH", "PYTHONHOME", "PYTEST_ADDOPTS", "VIRTUAL_ENV", "MYPYPATH"}
    return {name: value for name, value in os.environ.items() if name not in unwanted}


def _print_title(title: str) -> None:
    print(f"\n=== {title} ===", flush=True)


def _print_summary(results: Sequence[Result], missing: Sequence[str]) -> None:
    _print_title("summary")
    for result in results:
        outcome = "passed" if result.passed else "FAILED"
        print(f"{outcome}  {result.version:5} {result.step:12} {result.seconds:7.1f} s")
    for version in missing:
        print(f"absent  {version:5} not found on this machine: nothing ran on it")
    print(f"total   {sum(result.seconds for result in results):26.1f} s", flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
