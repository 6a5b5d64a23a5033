"""A cable between a client and a server: TCP that can be cut in the middle of a message, or pulled without a word."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from phonegame.local.phone.dial import reset_on_close


class Cable:
    """Made by `lay_cable`, whose block it ends with. Clients connect to `address`."""

    def __init__(self, address: str, server_address: str) -> None:
        self.address = address
        self.server_address = server_address
        """May be changed, for connections that are made from then on."""
        self._connections: set[_Connection] = set()
        self._is_plugged = True

    def cut(self) -> None:
        """All connections die by a TCP reset, at both ends. There may be others after that."""
        for connection in self._connections:
            connection.cut()

    def pull(self) -> None:
        """Nothing passes any more over the connections that there are, and neither end is told."""
        for connection in self._connections:
            connection.is_pulled = True

    def unplug(self) -> None:
        """As `pull`, and the same goes for connections that are made until it is plugged in again."""
        self._is_plugged = False
        self.pull()

    def plug_in(self) -> None:
        """For connections that are made from here on."""
        self._is_plugged = True

    async def serve(self, client: trio.SocketStream) -> None:
        host, _, port = self.server_address.rpartition(":")
        async with client, await trio.open_tcp_stream(host, int(port)) as server:
            connection = _Connection(client, server)
            connection.is_pulled = not self._is_plugged
            self._connections.add(connection)
            try:
                await connection.run()
            finally:
                self._connections.remove(connection)


class _Connection:
    def __init__(self, client: trio.SocketStream, server: trio.SocketStream) -> None:
        self._ends = (client, server)
        self._scope = trio.CancelScope()
        self.is_pulled = False

    def cut(self) -> None:
        for end in self._ends:
            reset_on_close(end)
        self._scope.cancel()

    async def run(self) -> None:
        """Until one end has closed it, or it is cut."""
        client, server = self._ends
        with self._scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._pass_on, client, server)
                nursery.start_soon(self._pass_on, server, client)

    async def _pass_on(self, source: trio.SocketStream, sink: trio.SocketStream) -> None:
        try:
            while data := await source.receive_some():
                if not self.is_pulled:
                    await sink.send_all(data)
        except trio.BrokenResourceError:
            await trio.lowlevel.checkpoint()
        self._scope.cancel()


@asynccontextmanager
async def lay_cable(server_address: str) -> AsyncIterator[Cable]:
    """To the server at host:port."""
    [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
    cable = Cable(f"127.0.0.1:{listener.socket.getsockname()[1]}", server_address)
    async with trio.open_nursery() as nursery:
        await nursery.start(trio.serve_listeners, cable.serve, [listener])
        yield cable
        nursery.cancel_scope.cancel()
