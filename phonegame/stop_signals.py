"""Ends a program in good order on Ctrl-C, on Ctrl-Break and when it is told to terminate."""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable

import trio

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""SIGHUP: the terminal was closed (POSIX). SIGBREAK: Ctrl-Break, or the console was closed (Windows)."""
_SAME_WISH_SECONDS = 1.0
"""One Ctrl-C may arrive twice: from the terminal, and from the program that started this one."""


_SIGHUP = getattr(signal, "SIGHUP", None)


def _has_terminal() -> bool:
    """Whether this process can still be reached by a terminal: not, once its window was closed."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | getattr(os, "O_NOCTTY", 0)))
    except OSError:
        return False
    return True


def _stop_signals() -> list[int]:
    numbers: list[int] = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    # nohup asks to survive a closed terminal; an ignored SIGINT only means "started in the background"
    return [number for number in numbers if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN]


async def run_until_stopped(
    run: Callable[[Callable[[], Awaitable[None]]], Awaitable[None]], on_hang_up: Callable[[], None] | None = None
) -> None:
    """Runs `run(wait_for_stop)`. The first signal ends that wait, a later one cancels all. Main thread only.

    `on_hang_up`: what SIGHUP means instead, unless it comes because the terminal is gone.
    """
    had_terminal = _has_terminal()
    stop = trio.Event()
    with trio.open_signal_receiver(*_stop_signals()) as received:
        async with trio.open_nursery() as nursery:

            async def watch() -> None:
                since = 0.0
                async for number in received:
                    is_wish = on_hang_up is not None and number == _SIGHUP and had_terminal == _has_terminal()
                    if is_wish and on_hang_up is not None:
                        on_hang_up()
                    elif not stop.is_set():
                        since = trio.current_time()
                        stop.set()
                    elif trio.current_time() - since > _SAME_WISH_SECONDS:
                        nursery.cancel_scope.cancel()

            nursery.start_soon(watch)
            await run(stop.wait)
            nursery.cancel_scope.cancel()


async def cancel_on_stop(
    scope: trio.CancelScope, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Cancels `scope` at the first signal to stop. Main thread only."""
    with trio.open_signal_receiver(*_stop_signals()) as received:
        task_status.started()
        # the iterator never ends: it gives one signal, or the wait is cancelled
        await anext(aiter(received))
    scope.cancel()
