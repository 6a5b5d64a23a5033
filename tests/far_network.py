"""A network namespace that this machine reaches over a link that can be cut, as a cable between two machines is."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest


@dataclass
class FarNetwork:
    name: str
    address: str
    """Of what is started there, by `command` in front of its own."""

    @property
    def command(self) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self.name)

    def cut(self) -> None:
        """What is sent from here on gets lost, and nobody is told."""
        _ip("-n", self.name, "link", "set", "far", "down")

    def mend(self) -> None:
        """Connections that have lived through it go on."""
        _ip("-n", self.name, "link", "set", "far", "up")


@contextmanager
def far_network() -> Iterator[FarNetwork]:
    """The test is skipped where this is not allowed."""
    name = f"phonegame{os.getpid()}"
    near = f"pg{os.getpid()}"
    # of those that are for tests of networks (RFC 2544), four to each process
    block, first = divmod(os.getpid() % (256 * 64), 64)
    there, here = f"198.18.{block}.{first * 4 + 1}", f"198.18.{block}.{first * 4 + 2}"
    if shutil.which("ip") is None or _tried("netns", "add", name).returncode:
        pytest.skip("network namespaces are not allowed here")
    try:
        made = _tried("link", "add", near, "type", "veth", "peer", "name", "far", "netns", name)
        if made.returncode:
            pytest.skip(f"network namespaces have no links here: {made.stderr.strip()}")
        _ip("addr", "add", f"{here}/30", "dev", near)
        _ip("-n", name, "addr", "add", f"{there}/30", "dev", "far")
        _ip("link", "set", near, "up")
        _ip("-n", name, "link", "set", "far", "up")
        yield FarNetwork(name, there)
    finally:
        # the link goes with it
        _ip("netns", "del", name)


def _tried(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([shutil.which("ip") or "ip", *arguments], capture_output=True, text=True, check=False)


def _ip(*arguments: str) -> None:
    tried = _tried(*arguments)
    assert tried.returncode == 0, tried.stderr
