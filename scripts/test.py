"""python3 scripts/test.py [--python 3.11] [--two-workers] [pytest arguments]: format, lint, types, tests.

Each Python, 3.11 and 3.13, has its own environment, .venv-test-<version>, which is kept from run to run. Format and
lint do not depend on the version of Python and run once. The tests run on both side by side; the few that fail so, on a
machine that may be too busy for sound in real time, are tried once more, alone, and the summary names them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import IO, NamedTuple, NoReturn

import environment
import interpreters

TESTED_VERSIONS = ("3.11", "3.13")
FOLDERS = ("phonegame", "tests", "scripts")
SCENARIOS = "tests/scenarios"
OVER_WORKERS = MappingProxyType({"PHONEGAME_TESTS_WORKERS": "2"})
REQUIRED = "PHONEGAME_TESTS_REQUIRE"
MOST_TRIED_AGAIN = 8
"""More failures than that are not a busy machine's."""

# All of flake8-async, also what is off by default (900, 911 to 913), but not
#   ASYNC114, which asks for configuration, nor ASYNC128, which misreads a `task_status` that is handed on;
#   ASYNC124, since ASGI and Quart ask for async functions that need not wait;
#   ASYNC910: on the path of a frame nothing goes through the scheduler without need; 911 to 913 look after the loops.
ASYNC_OPTIONS = ("--enable=ASYNC", "--disable=ASYNC114,ASYNC124,ASYNC128,ASYNC910")


class Result(NamedTuple):
    step: str
    version: str
    passed: bool
    seconds: float
    tried_again: tuple[str, ...] = ()
    """Tests that had failed before."""


def main(arguments: Sequence[str]) -> int:
    environment.require_python()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", metavar="VERSION", action="append", help="such as 3.13; may be given twice")
    parser.add_argument("--two-workers", action="store_true", help="at the end, all scenarios over two workers, too")
    options, pytest_arguments = parser.parse_known_args(arguments)
    signal.signal(signal.SIGTERM, _end_in_order)
    started = time.monotonic()
    interpreter_of = _find_pythons(options.python)
    try:
        results = _check(interpreter_of, pytest_arguments, over_workers=options.two_workers)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    missing = [] if options.python else [version for version in TESTED_VERSIONS if version not in interpreter_of]
    _print_summary(results, missing, time.monotonic() - started)
    return 0 if all(result.passed for result in results) else 1


def _find_pythons(versions: Sequence[str] | None) -> dict[str, str]:
    """Version -> interpreter. What was asked for must be there; by default, what is found."""
    found = {version: interpreters.find_interpreter(version) for version in versions or TESTED_VERSIONS}
    pythons = {version: path for version, path in found.items() if path is not None}
    if versions and len(pythons) < len(found):
        raise SystemExit(f"Python {' and '.join(found.keys() - pythons.keys())} not found here.")
    return pythons or {interpreters.this_version(): sys.executable}


def _check(interpreter_of: dict[str, str], pytest_arguments: Sequence[str], *, over_workers: bool) -> list[Result]:
    """Every step; one that fails does not keep the others from running."""
    results: list[Result] = []
    python_of: dict[str, Path] = {}
    for version, interpreter in interpreter_of.items():
        made, python = _make_environment(version, interpreter)
        results.append(made)
        if python is not None:
            python_of[version] = python
    for version, python in list(python_of.items())[:1]:
        results.append(_run_step("format", version, python, "ruff", "format", "--check", *FOLDERS))
        results.append(_run_step("lint", version, python, "ruff", "check", *FOLDERS))
        results.append(_lint_async(version, python))
    for version, python in python_of.items():
        results.append(_run_step("types", version, python, "mypy"))
    results += _run_tests(python_of, pytest_arguments)
    if over_workers and python_of:
        version, python = next(iter(python_of.items()))
        results.append(_run_over_workers(version, python))
    return results


def _make_environment(version: str, interpreter: str) -> tuple[Result, Path | None]:
    _print_title(f"environment, Python {version}")
    started = time.monotonic()
    python = None
    try:
        python = environment.ensure(environment.ROOT / f".venv-test-{version}", ["local", "test"], interpreter)
    except environment.EnvironmentFault as fault:
        print(f"\n{fault}", file=sys.stderr)
    return Result("environment", version, python is not None, time.monotonic() - started), python


def _python_files() -> list[str]:
    root = environment.ROOT
    return [str(path.relative_to(root)) for folder in FOLDERS for path in sorted((root / folder).rglob("*.py"))]


def _lint_async(version: str, python: Path) -> Result:
    """A share of the files for each core: it takes most of a second for one."""
    _print_title(f"async lint, Python {version}")
    started = time.monotonic()
    files, cores = _python_files(), os.cpu_count() or 1
    shares = [share for core in range(cores) if (share := files[core::cores])]
    command = [str(python), "-m", "flake8_async", *ASYNC_OPTIONS]
    with ExitStack() as stack:
        runs = [stack.enter_context(_running([*command, *share])) for share in shares]
        statuses = [process.wait() for process in runs]
    return Result("async lint", version, not any(statuses), time.monotonic() - started)


def _run_step(step: str, version: str, python: Path, *module: str) -> Result:
    _print_title(f"{step}, Python {version}")
    started = time.monotonic()
    command = [str(python), "-m", *module]
    finished = subprocess.run(command, cwd=environment.ROOT, env=_clean_variables(), check=False)
    return Result(step, version, finished.returncode == 0, time.monotonic() - started)


def _run_tests(python_of: dict[str, Path], pytest_arguments: Sequence[str]) -> list[Result]:
    """All versions side by side, since tests mostly wait. The output of the first is shown as it comes.

    However this ends, no pytest runs on.
    """
    results = []
    started = time.monotonic()
    with ExitStack() as stack:
        runs = [
            stack.enter_context(_running_tests(python, pytest_arguments, is_shown=number == 0))
            for number, python in enumerate(python_of.values())
        ]
        for version, (process, output) in zip(python_of, runs, strict=True):
            _print_title(f"tests, Python {version}")
            status = process.wait()
            results.append(Result("tests", version, status == 0, time.monotonic() - started))
            if output is not None:
                output.seek(0)
                shutil.copyfileobj(output, sys.stdout.buffer)
                sys.stdout.flush()
    return [_try_again(result, python_of[result.version], pytest_arguments) for result in results]


def _run_over_workers(version: str, python: Path) -> Result:
    """All scenarios, with the game at one worker and the call at another."""
    step = "two workers"
    _print_title(f"{step}, Python {version}")
    if shutil.which("redis-server") is None and "redis-server" not in os.environ.get(REQUIRED, "").split():
        print("left out: there is no redis-server on this machine")
        return Result(step, version, True, 0)
    started = time.monotonic()
    with _running(_pytest(python, [SCENARIOS], step), extra=OVER_WORKERS) as process:
        status = process.wait()
    result = Result(step, version, status == 0, time.monotonic() - started)
    return _try_again(result, python, [SCENARIOS], extra=OVER_WORKERS)


def _try_again(
    result: Result, python: Path, arguments: Sequence[str], *, extra: Mapping[str, str] = MappingProxyType({})
) -> Result:
    """The few tests that have failed, alone. A step that has passed, or in which much has failed, is left as it is."""
    failures = [] if result.passed else _failures(python, result.step)
    if not 0 < len(failures) <= MOST_TRIED_AGAIN:
        return result
    _print_title(f"{result.step}, Python {result.version}: what has failed, once more")
    started = time.monotonic()
    with _running(_pytest(python, arguments, result.step, is_again=True), extra=extra) as process:
        status = process.wait()
    seconds = result.seconds + time.monotonic() - started
    return result._replace(passed=status == 0, seconds=seconds, tried_again=tuple(failures))


def _pytest(python: Path, arguments: Sequence[str], step: str, *, is_again: bool = False) -> list[str]:
    """Each step remembers its failures in its own environment."""
    which = "--last-failed" if is_again else "--cache-clear"
    return [str(python), "-m", "pytest", "-o", f"cache_dir={_memory(python, step)}", which, *arguments]


def _failures(python: Path, step: str) -> list[str]:
    """Of the last run; none where it has not come so far as to say which."""
    file = _memory(python, step) / "v" / "cache" / "lastfailed"
    return list(json.loads(file.read_text())) if file.exists() else []


def _memory(python: Path, step: str) -> Path:
    return python.parent.parent / "pytest_cache" / step.replace(" ", "_")


@contextmanager
def _running_tests(
    python: Path, arguments: Sequence[str], *, is_shown: bool
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes] | None]]:
    with tempfile.TemporaryFile() as file:
        output = None if is_shown else file
        with _running(_pytest(python, arguments, "tests"), output) as process:
            yield process, output


@contextmanager
def _running(
    command: Sequence[str], output: IO[bytes] | None = None, *, extra: Mapping[str, str] = MappingProxyType({})
) -> Iterator[subprocess.Popen[bytes]]:
    """With `extra` variables. Ends with the block, at the latest."""
    variables = {**_clean_variables(), **extra}
    process = subprocess.Popen(command, cwd=environment.ROOT, env=variables, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _clean_variables() -> dict[str, str]:
    """Without what would make the checks see other modules or settings than those of their environment."""
    unwanted = {"PYTHONPATH", "PYTHONHOME", "PYTEST_ADDOPTS", "VIRTUAL_ENV", "MYPYPATH"}
    return {name: value for name, value in os.environ.items() if name not in unwanted}


def _end_in_order(*_: object) -> NoReturn:
    raise SystemExit(143)


def _print_title(title: str) -> None:
    print(f"\n=== {title} ===", flush=True)


def _print_summary(results: Sequence[Result], missing: Sequence[str], seconds: float) -> None:
    _print_title("summary")
    for result in results:
        outcome = "passed" if result.passed else "FAILED"
        print(f"{outcome}  {result.version:5} {result.step:12} {result.seconds:7.1f} s")
        for test in result.tried_again:
            print(f"        {'only alone' if result.passed else 'tried again'}: {test}")
    for version in missing:
        print(f"absent  {version:5} not found on this machine: nothing ran on it")
    print(f"total {seconds:28.1f} s", flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
