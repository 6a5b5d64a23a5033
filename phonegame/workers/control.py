"""What a worker and its parent tell each other, a byte each, over a pair of sockets that ends when either of them does.

    worker -> parent   READY    it listens
    parent -> worker   RETIRE   listen no more, let the calls end: another one has taken the place
                       STOP     let the calls end, and tell load balancers so meanwhile: all workers stop
                       NOW      end at once

A worker whose parent has gone stops: nobody would replace it.
"""

from __future__ import annotations

import socket

import trio

READY, RETIRE, STOP, NOW = b"+", b"r", b"s", b"n"


class Control:
    """The worker's end. Give `run` a task."""

    def __init__(self, descriptor: int) -> None:
        """Takes the descriptor over."""
        self._stream = trio.SocketStream(trio.socket.from_stdlib_socket(_socket(descriptor)))
        self._told = trio.Event()
        self.keeps_listening = True

    async def run(self, all_of_it: trio.CancelScope) -> None:
        """Until the parent has gone, or says NOW, which cancels the scope."""
        async with self._stream:
            while (order := await self._receive()) not in (b"", NOW):
                # a retired worker does not listen again
                self.keeps_listening &= order != RETIRE
                self._told.set()
            if order == NOW:
                all_of_it.cancel()
            self._told.set()
            await trio.sleep_forever()

    async def _receive(self) -> bytes:
        try:
            return bytes(await self._stream.receive_some(1))
        except trio.BrokenResourceError:
            return b""

    def retire_nowait(self) -> None:
        """As if the parent had said so, who will find out and start another worker."""
        self.keeps_listening = False
        self._told.set()

    async def wait_for_stop(self) -> None:
        await self._told.wait()

    async def say_ready(self) -> None:
        """A parent that has gone is noticed by `run`."""
        try:
            await self._stream.send_all(READY)
        except trio.BrokenResourceError:
            await trio.lowlevel.checkpoint()


def _socket(descriptor: int) -> socket.socket:
    control = socket.socket(fileno=descriptor)
    # what the worker may start has nothing to do with it
    control.set_inheritable(False)
    return control
