from __future__ import annotations

import contextlib
import socket
import sys

import pytest

from phonegame.workers.sockets import CannotListen, ListeningSockets

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes cannot share an address there")
only_linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere all workers have the same socket")


def test_all_places_are_at_one_port() -> None:
    with contextlib.closing(ListeningSockets("127.0.0.1", 0, 3)) as sockets:
        assert {sockets.of(place).getsockname() for place in range(3)} == {("127.0.0.1", sockets.port)}


@only_linux
def test_a_connection_waits_for_whoever_serves_its_place_next() -> None:
    with (
        contextlib.closing(ListeningSockets("127.0.0.1", 0, 1)) as sockets,
        socket.create_connection(("127.0.0.1", sockets.port)) as client,
    ):
        accepted, _ = sockets.of(0).accept()
        with accepted:
            client.sendall(b"x")
            assert accepted.recv(1) == b"x"


@only_linux
def test_nobody_is_sent_to_a_place_that_is_given_up() -> None:
    with contextlib.closing(ListeningSockets("127.0.0.1", 0, 2)) as sockets:
        for place in range(2):
            sockets.of(place).setblocking(False)
        sockets.give_up(0)
        clients = [socket.create_connection(("127.0.0.1", sockets.port)) for _ in range(8)]
        accepted = [sockets.of(1).accept()[0] for _ in clients]
        for each in [*clients, *accepted]:
            each.close()
        assert sockets.of(0).getsockname()[1] == sockets.port


def test_an_address_that_somebody_else_has_is_told() -> None:
    first = ListeningSockets("127.0.0.1", 0, 2)
    # a fleet of its own kind, too, which the system would let in
    with contextlib.closing(first), pytest.raises(CannotListen, match=f"PROXY_URL.*127.0.0.1:{first.port}"):
        ListeningSockets("127.0.0.1", first.port, 2)


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(CannotListen, match="PROXY_URL"):
        ListeningSockets("192.0.2.1", 0, 1)
