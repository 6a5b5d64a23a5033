"""`python -m phonegame.local.supervised serve ...`: a phonegame command that never outlives whoever started it.

It is told to stop by the end of its standard input, a pipe that its starter holds: closed on purpose, or by the
system when the starter is killed. That works alike on every system; Windows has no signal for it.
"""

from __future__ import annotations

import _thread
import os
import signal
import threading
import time

from phonegame import cli

GRACE_SECONDS = 10.0
"""For the command's goodbyes. A starter that is still there has less patience, and kills it."""


def main() -> None:
    # a program that a shell starts in the background has SIGINT ignored, and could not be interrupted
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_stop_at_end_of_input, name="supervision", daemon=True).start()
    cli.main(prog_name="phonegame")


def _stop_at_end_of_input() -> None:
    while os.read(0, 4096):
        pass
    _thread.interrupt_main()  # as Ctrl-C would
    time.sleep(GRACE_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
