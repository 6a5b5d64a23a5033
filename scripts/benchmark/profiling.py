"""Where a server spends its time: py-spy's samples as two tables, by self time and by cumulative time."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import BenchError

_SAMPLES_PER_SECOND = 250
_ROWS = 40


@dataclass(frozen=True)
class Profiler:
    """Writes `stacks.txt` (for flame graphs: a stack and its samples a line) and `functions.txt`."""

    folder: Path
    seconds: float = 5.0

    @contextlib.contextmanager
    def record(self, pid: int) -> Iterator[Callable[[], bool]]:
        """Samples while the block runs; yields a function that says whether it is through."""
        self.folder.mkdir(parents=True, exist_ok=True)
        stacks = self.folder / "stacks.txt"
        command = [
            _py_spy(),
            "record",
            "--pid",
            str(pid),
            "--format",
            "raw",
            "--function",
            "--output",
            str(stacks),
        ]
        command += ["--duration", f"{self.seconds:.0f}", "--rate", str(_SAMPLES_PER_SECOND)]
        with (self.folder / "py-spy.log").open("wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            yield lambda: process.poll() is not None
        finally:
            process.kill()
            process.wait()
        if process.returncode != 0 or not stacks.exists():
            raise BenchError(f"py-spy failed:\n{(self.folder / 'py-spy.log').read_text(errors='replace')}")
        (self.folder / "functions.txt").write_text(tables(stacks.read_text()))

    def text(self) -> str:
        return (self.folder / "functions.txt").read_text() + f"\nstacks and tables: {self.folder}\n"


def tables(stacks: str) -> str:
    """From lines `outermost;...;innermost samples`."""
    own: Counter[str] = Counter()
    cumulative: Counter[str] = Counter()
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        functions = stack.split(";")
        own[functions[-1]] += int(count)
        for function in set(functions):
            cumulative[function] += int(count)
    samples = own.total()
    return f"{samples} samples\n" + _table("self", own, samples) + _table("cumulative", cumulative, samples)


def _table(title: str, counts: Counter[str], samples: int) -> str:
    rows = (f"  {count / samples:6.1%}  {function}\n" for function, count in counts.most_common(_ROWS))
    return f"\n{title} time\n" + "".join(rows)


def _py_spy() -> str:
    found = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")
    if not found:
        raise BenchError("py-spy is missing: pip install py-spy")
    return found
