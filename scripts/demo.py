"""python3 scripts/demo.py [--once]: a phone call into a game, live, on this machine and with no account.

Makes .venv on the first run, then hands over to phonegame/local/demo, which runs inside it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

import environment

VENV = environment.ROOT / ".venv"


def main(arguments: Sequence[str]) -> int:
    environment.require_python()
    try:
        python = environment.ensure(VENV, extras=["local"])
    except environment.EnvironmentFault as fault:
        print(f"\n{fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run it again to go on.", file=sys.stderr)
        return 130
    return _hand_over([str(python), "-m", "phonegame.local.demo", *arguments])


def _hand_over(command: list[str]) -> int:
    """On POSIX this process turns into the command, so that every signal reaches it."""
    if os.name == "posix":
        sys.stdout.flush()
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted
    # the console of Windows tells both processes of Ctrl-C and Ctrl-Break: the command acts, this one waits
    for name in ("SIGINT", "SIGBREAK"):
        signal.signal(getattr(signal, name), lambda *_: None)
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
