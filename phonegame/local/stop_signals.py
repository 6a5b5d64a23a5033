"""Ends a program of this folder in good order on Ctrl-C, on Ctrl-Break and when it is told to terminate."""

from __future__ import annotations

import signal

import trio

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""SIGHUP: the terminal was closed (POSIX). SIGBREAK: Ctrl-Break, or the console was closed (Windows)."""


async def wait_for_stop(*, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> signal.Signals:
    """Returns the first signal to stop; while it waits, such signals do nothing else. Main thread only."""
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    # nohup asks to survive a closed terminal; an ignored SIGINT only means "started in the background"
    numbers = [n for n in numbers if n == signal.SIGINT or signal.getsignal(n) != signal.SIG_IGN]
    with trio.open_signal_receiver(*numbers) as received:
        task_status.started()
        # the iterator never ends: it gives one signal, or the wait is cancelled
        return signal.Signals(await anext(aiter(received)))


async def cancel_on_stop(
    scope: trio.CancelScope, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Cancels `scope` at the first signal to stop."""
    await wait_for_stop(task_status=task_status)
    scope.cancel()
