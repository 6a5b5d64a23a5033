"""This machine: Python, packages, descriptors, the address to listen at."""

from __future__ import annotations

import errno
import json
import socket
import sys
from importlib import metadata

from packaging.requirements import InvalidRequirement, Requirement

from phonegame.doctor.finding import Finding, Outcome
from phonegame.doctor.web import NoAnswer, get
from phonegame.limits.room import DESCRIPTORS_A_CALL, most_connections
from phonegame.settings import Settings, split_address

TESTED = ((3, 11), (3, 13))
"""The oldest and the newest Python that the tests run on."""
FEW_CONNECTIONS = 1000


def check_python(version: tuple[int, int] = sys.version_info[:2]) -> Finding:
    running = "Python " + ".".join(map(str, version))
    oldest, newest = TESTED
    if version < oldest:
        fix = f"Install Python {newest[0]}.{newest[1]}, and phonegame into it."
        return Finding("python", Outcome.FAULT, f"{running} is too old.", fix)
    if version > newest:
        fix = f"If something fails, try Python {newest[0]}.{newest[1]}."
        return Finding("python", Outcome.WARNING, f"{running} is newer than what phonegame is tested with.", fix)
    return Finding("python", Outcome.OK, running)


def check_packages(distribution: str = "phonegame") -> list[Finding]:
    """What is installed, against what phonegame asks for."""
    try:
        texts = metadata.requires(distribution) or []
    except metadata.PackageNotFoundError:
        text = f"{distribution} runs from a folder and is not installed: nobody knows what it needs."
        return [Finding("packages", Outcome.NOT_CHECKED, text, "pip install .")]
    faults = [fault for text in texts if (fault := _package_fault(text))]
    fix = f"pip install --upgrade {distribution}"
    return [Finding("packages", Outcome.FAULT, fault, fix) for fault in faults] or [
        Finding("packages", Outcome.OK, f"{distribution} {metadata.version(distribution)}, and all that it needs")
    ]


def _package_fault(text: str) -> str | None:
    try:
        wanted = Requirement(text)
    except InvalidRequirement:
        return None
    # an extra's is not needed; what a voice needs is found with the voice
    if wanted.marker and not wanted.marker.evaluate({"extra": ""}):
        return None
    try:
        installed = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return f"{wanted.name} is not installed."
    if wanted.specifier.contains(installed, prereleases=True):
        return None
    return f"{wanted.name} {installed} is installed, and {wanted.specifier} needed."


def check_descriptors(hard_limit: int | None) -> Finding:
    """`hard_limit`: what the server may raise its own limit to; None: there is none."""
    connections = most_connections(hard_limit)
    if hard_limit is None or connections >= FEW_CONNECTIONS:
        return Finding("open files", Outcome.OK, f"room for {connections} calls and games at once")
    text = f"{hard_limit} open files are room for no more than {connections} calls and games at once."
    wanted = FEW_CONNECTIONS * DESCRIPTORS_A_CALL * 2
    fix = f"Raise the hard limit: `ulimit -Hn {wanted}`, LimitNOFILE={wanted} in a systemd unit."
    return Finding("open files", Outcome.WARNING, text, fix)


def hard_descriptor_limit() -> int | None:
    if sys.platform == "win32":
        return None
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if hard == resource.RLIM_INFINITY else hard


async def check_port(settings: Settings) -> Finding:
    """Whether the server can listen there, or does already."""
    host, port = split_address(settings.proxy_url)
    assert host is not None
    assert port is not None
    error = _try_to_listen(host, port)
    if error is None:
        return Finding("port", Outcome.OK, f"{settings.proxy_url} is free")
    if await is_serving(settings):
        return Finding("port", Outcome.OK, f"phonegame is serving at {settings.proxy_url}")
    return Finding("port", Outcome.FAULT, *_port_words(settings.proxy_url, error))


def _try_to_listen(host: str, port: int) -> OSError | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as sock:
            if sys.platform != "win32":
                # as the server does: connections that have ended a minute ago are no obstacle
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(address)
            sock.listen()
    except OSError as error:
        return error
    return None


def _port_words(address: str, error: OSError) -> tuple[str, str]:
    match error.errno:
        case errno.EADDRINUSE:
            return f"Another program listens at {address}.", "End it, or set PROXY_URL to another port."
        case errno.EACCES | errno.EPERM:
            fix = "Set PROXY_URL to a port above 1023 behind a proxy, or grant the right (setcap cap_net_bind_service)."
            return f"The system does not let you listen at {address}.", fix
        case errno.EADDRNOTAVAIL:
            return f"{address} is no address of this machine.", "Set PROXY_URL to 127.0.0.1 or 0.0.0.0, and a port."
    return f"Nobody can listen at {address}: {error.strerror}.", "Set PROXY_URL to an address of this machine."


async def is_serving(settings: Settings) -> bool:
    """Whether a phonegame serves at PROXY_URL. False where its certificate is made out to another name."""
    host, port = split_address(settings.proxy_url)
    local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host or "", host or "")  # noqa: S104 - it is compared
    scheme = "https" if settings.tls else "http"
    try:
        answer = await get(f"{scheme}://{f'[{local}]' if ':' in local else local}:{port}/healthz")
    except NoAnswer:
        return False
    return is_healthy(answer.body)


def is_healthy(body: bytes) -> bool:
    """Whether this is what phonegame's /healthz says."""
    try:
        return bool(json.loads(body) == {"status": "ok"})
    except (ValueError, RecursionError):
        return False
