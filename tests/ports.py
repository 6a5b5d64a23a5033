"""Ports for servers whose address must be known before they run."""

from __future__ import annotations

import random
import socket

_PORTS = range(20_000, 32_000)
"""Below all that systems give to connections and to port 0: nobody is given what a test has chosen."""
CLUSTER_BUS = 10_000
"""A node of a Redis Cluster listens at its port and at the one so far above."""


def free_port() -> int:
    """Nobody has it on this machine's loopback, nor the one that a node of a Redis Cluster takes with it."""
    while True:
        port = random.choice(_PORTS)
        if _is_free(port) and _is_free(port + CLUSTER_BUS):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
