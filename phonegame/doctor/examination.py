"""Which checks there are, and what each of them needs: settings, a host, the network."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import trio

from phonegame.doctor import machine, memory, outside, recordings, speech
from phonegame.doctor.finding import Finding, Outcome
from phonegame.loopback import is_loopback
from phonegame.settings import Settings, SettingsError

PROBES = ("api.twilio.com", "api.deepgram.com")
"""If neither can be reached, it is the network that is missing."""
PROBE_SECONDS = 4

Findings = Finding | list[Finding]


@dataclass(frozen=True, slots=True)
class Check:
    """`host`: the one that it asks, None for this machine."""

    name: str
    examine: Callable[[Settings], Awaitable[Findings]]
    host: Callable[[Settings], str | None] = lambda _: None


async def _locks(settings: Settings) -> Findings:
    return outside.check_locks(settings)


# in the order in which they are shown: what comes later tends to be the consequence of what comes earlier
CHECKS = (
    Check("locks", _locks),
    Check("port", machine.check_port),
    Check("recordings", recordings.check_recordings),
    Check("memory", memory.check_memory),
    Check("voice", speech.check_voice, speech.voice_host),
    Check("deepgram", speech.check_deepgram, lambda settings: outside.host_of(settings.deepgram_url)),
    Check("clock", outside.check_clock, lambda settings: outside.host_of(settings.twilio_api_url)),
    Check("public address", outside.check_public_url, lambda settings: outside.host_of(settings.public_url)),
    Check("media stream", outside.check_stream, lambda settings: outside.host_of(settings.public_url)),
    Check("phone number", outside.check_number, lambda settings: outside.host_of(settings.twilio_api_url)),
)


async def examine(
    load: Callable[[], Settings],
    tell: Callable[[Finding], None],
    *,
    offline: bool = False,
    has_network: Callable[[], Awaitable[bool]] | None = None,
) -> None:
    """Tells each finding as it is made, and raises none. `has_network` is asked once at most, and not if offline."""
    tell(machine.check_python())
    for found in machine.check_packages():
        tell(found)
    tell(machine.check_descriptors(machine.hard_descriptor_limit()))
    try:
        settings = load()
    except SettingsError as error:
        for fault in error.faults:
            tell(Finding("settings", Outcome.FAULT, fault))
        for check in CHECKS:
            tell(Finding(check.name, Outcome.NOT_CHECKED, "The settings have faults."))
        return
    tell(Finding("settings", Outcome.OK, "each of them can be used"))
    why_not = "Asked not to (--offline)." if offline else ""
    if not offline and any(_is_outside(check, settings) for check in CHECKS):
        why_not = "" if await (has_network or probe)() else "There is no network here."
    for check in CHECKS:
        if why_not and _is_outside(check, settings):
            tell(Finding(check.name, Outcome.NOT_CHECKED, why_not))
            continue
        findings = await check.examine(settings)
        for found in [findings] if isinstance(findings, Finding) else findings:
            tell(found)


def _is_outside(check: Check, settings: Settings) -> bool:
    host = check.host(settings)
    return host is not None and not is_loopback(host)


async def probe(hosts: tuple[str, ...] = PROBES, port: int = 443) -> bool:
    """Whether one of them can be reached."""
    reached = False

    async def reach(host: str) -> None:
        nonlocal reached
        try:
            async with await trio.open_tcp_stream(host, port):
                reached = True
        except OSError:
            return
        nursery.cancel_scope.cancel()

    with trio.move_on_after(PROBE_SECONDS):
        async with trio.open_nursery() as nursery:
            for host in hosts:
                nursery.start_soon(reach, host)
    return reached
