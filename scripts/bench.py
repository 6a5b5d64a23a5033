"""Measures what a call costs: phonegame and a straightforward bridge, in the same run, with the same traffic.

    python scripts/bench.py                  # 100 calls, 10 s
    python scripts/bench.py --find-max       # and the most calls that one core keeps (some minutes)
    python scripts/bench.py --only phonegame --profile
    python scripts/bench.py --workers        # one worker, then two with a Redis between them; --find-max goes with it
    python scripts/bench.py --speech         # how games speak to 100 calls (two minutes), and nothing else
    python scripts/bench.py --characters     # what 50 conversations with a character take (three minutes)

The method is printed with the figures. Give it the machine to itself; it takes two cores. The server gets the
environment, so that PHONEGAME_... variables are measured as they are set.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmark import fleet_report, speech_report, talk_report
from benchmark.errors import BenchError
from benchmark.measure import measure
from benchmark.measure_fleet import IDLE_SECONDS, measure_fleet
from benchmark.measure_speech import IDLE_CALLS, measure_speech
from benchmark.measure_talk import BRAINS, measure_talk
from benchmark.profiling import Profiler
from benchmark.report import Measurement, method, text
from benchmark.search import LIMIT_MS, find_max, fleet_trial, trial
from benchmark.server import cores
from benchmark.traffic import MOST_CALLS

SERVERS = ("bridge", "phonegame")
TARGET_RATIO = 0.45
_FIRST_TRIAL_CALLS = 50
FLEETS = (1, 2)
"""Of so many workers."""
MOST_SPOKEN_SECONDS = 120
"""A longer text does not go into one message."""


def main() -> int:
    options = _options()
    # else the server under test would outlive a bench that is told to stop
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    servers = [options.only] if options.only else list(SERVERS)
    try:
        report = _measure_all(servers, options)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if options.json:
        print(json.dumps(report, indent=2))
    return 0


def _measure_all(servers: list[str], options: argparse.Namespace) -> dict[str, object]:
    """Prints as it goes, unless a report in JSON was asked for: that is what it returns."""

    def tell(line: str) -> None:
        print(line, file=sys.stderr if options.json else sys.stdout, flush=True)

    if options.speech:
        return {"speech": _measure_speech(options, tell)}
    if options.characters:
        return {"characters": [_measure_talk(brain, options, tell) for brain in BRAINS]}
    if options.workers:
        return {"workers": [_measure_workers(workers, options, tell) for workers in FLEETS]}
    measurements: dict[str, Measurement] = {}
    for at, server in enumerate(servers):
        profiler = Profiler(Path(options.profile, server)) if options.profile else None
        measurements[server] = measure(server, options.calls, options.seconds, profiler=profiler)
        if at == 0:
            tell(method(cores(), options.seconds))
        tell(text(measurements[server]) + "\n")
        if profiler:
            tell(profiler.text())
    report: dict[str, object] = {"measurements": [dataclasses.asdict(each) for each in measurements.values()]}
    if len(measurements) == len(SERVERS):
        ratio = measurements["phonegame"].cpu_us_per_frame / measurements["bridge"].cpu_us_per_frame
        report["cpu_ratio_phonegame_to_bridge"] = ratio
        tell(f"CPU a frame, phonegame : bridge = {ratio:.2f} (at most {TARGET_RATIO})")
    if options.find_max:
        report["most_calls"] = {
            server: _most_calls(server, trial(server, tell), "one core", tell) for server in servers
        }
    return report


def _measure_workers(workers: int, options: argparse.Namespace, tell: Callable[[str], None]) -> dict[str, object]:
    if workers == FLEETS[0]:
        tell(fleet_report.method(cores(), options.seconds, IDLE_SECONDS))
    measurement = measure_fleet(workers, options.calls, options.seconds)
    tell(fleet_report.text(measurement) + "\n")
    report = dataclasses.asdict(measurement)
    if options.find_max:
        name = fleet_report.plural(workers)
        report["most_calls"] = _most_calls(name, fleet_trial(workers, tell), "this machine", tell)
    return report


def _measure_speech(options: argparse.Namespace, tell: Callable[[str], None]) -> dict[str, object]:
    tell(speech_report.method(cores(), IDLE_CALLS, options.calls))
    measurement = measure_speech(options.calls, options.seconds, options.sayings)
    tell(speech_report.text(measurement))
    return dataclasses.asdict(measurement)


def _measure_talk(brain: str, options: argparse.Namespace, tell: Callable[[str], None]) -> dict[str, object]:
    if brain == BRAINS[0]:
        tell(talk_report.method(cores(), options.characters, options.seconds))
    profiler = Profiler(Path(options.profile, brain)) if options.profile else None
    measurement = measure_talk(brain, options.characters, options.seconds, profiler)
    tell(talk_report.text(measurement) + "\n")
    if profiler:
        tell(profiler.text())
    return dataclasses.asdict(measurement)


def _most_calls(name: str, keeps: Callable[[int], bool], where: str, tell: Callable[[str], None]) -> int:
    tell(f"{name}: the most calls with p99 of all delays under {LIMIT_MS:.0f} ms and nothing lost")
    most = find_max(keeps, _FIRST_TRIAL_CALLS)
    tell(f"{name}: {most} calls on {where}\n")
    return most


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures what a call costs.")
    parser.add_argument("--calls", type=int, default=100, help="calls at once (default: %(default)s)")
    parser.add_argument(
        "--seconds", type=float, help="how long to measure (default: 10; 30 for each brain with --characters)"
    )
    parser.add_argument("--only", choices=SERVERS, help="measure only this server")
    parser.add_argument(
        "--find-max", action="store_true", help="search the largest number of calls that one core keeps"
    )
    parser.add_argument(
        "--speech", action="store_true", help="measure how phonegame speaks, in place of what frames cost"
    )
    parser.add_argument(
        "--sayings", type=int, default=100, help="first sounds and interruptions of a kind (default: %(default)s)"
    )
    parser.add_argument(
        "--characters",
        type=int,
        nargs="?",
        const=50,
        metavar="CALLS",
        help="measure so many conversations with a character (default: %(const)s), in place of what frames cost",
    )
    parser.add_argument(
        "--workers", action="store_true", help="measure one worker and two that share a Redis, on all cores"
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument(
        "--profile",
        metavar="FOLDER",
        nargs="?",
        const=str(Path(tempfile.gettempdir(), "phonegame-profile")),
        help="sample the server with py-spy for some seconds, print where its time goes, keep it in FOLDER",
    )
    options = parser.parse_args()
    if options.seconds is None:
        options.seconds = 10.0 if options.characters is None else 30.0
    if options.characters is not None and not 1 <= options.characters <= MOST_CALLS:
        parser.error(f"--characters: 1 to {MOST_CALLS}")
    if options.characters and (options.find_max or options.only or options.speech):
        parser.error("--characters goes with --seconds, --profile and --json alone")
    if options.workers and (options.only or options.speech or options.profile or options.characters is not None):
        parser.error("--workers goes with --calls, --seconds, --find-max and --json alone")
    if options.workers and options.calls < max(FLEETS) ** 2:
        parser.error(f"--calls: with --workers at least {max(FLEETS) ** 2}, a call for each two workers")
    if not 1 <= options.calls <= MOST_CALLS:
        parser.error(f"--calls: 1 to {MOST_CALLS}")
    if not 1 <= options.seconds <= 600:
        parser.error("--seconds: 1 to 600")
    if not 1 <= options.sayings <= 10_000:
        parser.error("--sayings: 1 to 10000")
    if options.speech and (options.find_max or options.profile or options.only):
        parser.error("--speech goes with --calls, --seconds, --sayings and --json alone")
    if options.speech and options.seconds > MOST_SPOKEN_SECONDS:
        parser.error(f"--seconds: with --speech at most {MOST_SPOKEN_SECONDS}")
    return options


if __name__ == "__main__":
    sys.exit(main())
