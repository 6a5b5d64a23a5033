"""What the demo starts: speech service, carrier and server, as a user would, on free ports of this machine."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import trio

from phonegame.local.demo.carrier_lines import CarrierLines
from phonegame.local.demo.phones import DIALLED, write_phones
from phonegame.local.demo.programs import Program, ProgramFailed, RunningProgram, run_program
from phonegame.local.demo.script import EXPECTED
from phonegame.local.twilio_api.config import ACCOUNT_SID, AUTH_TOKEN, NUMBER
from phonegame.settings import DEEPGRAM_URL

PORT = 5000
"""The server's own default, so that games and phones of one's own need no address; taken on many a Mac (AirPlay)."""
DEFAULT_SERVER = f"127.0.0.1:{PORT}"
KEY = "local"
ATTEMPTS = 3

_SETTINGS = ("DEEPGRAM_", "TWILIO_", "PHONEGAME_", "PROXY_URL", "CERT_PEM", "KEY_PEM")
"""Beginnings of the variables that are left out: the demo does not run on the user's settings, nor on its account."""


@dataclass(frozen=True, slots=True)
class Stage:
    """host:port of the programs, and what the carrier prints."""

    speech: str
    carrier: str
    server: str
    carrier_lines: CarrierLines = field(default_factory=CarrierLines)

    @property
    def game_url(self) -> str:
        return f"ws://{self.server}/game"

    @property
    def page_url(self) -> str:
        """A game and a phone, for a browser."""
        return f"http://{self.server}/demo"

    @property
    def webhook_url(self) -> str:
        """What Twilio asks when somebody calls."""
        return f"http://{self.server}/twiml"

    @property
    def listen_url(self) -> str:
        return f"ws://{self.speech}/v1/listen"


@asynccontextmanager
async def set_stage(folder: Path) -> AsyncIterator[Stage]:
    """All programs run as long as the block; their logs go to `folder`. Raises ProgramFailed, in groups."""
    variables = _clean_variables()
    async with trio.open_nursery() as nursery:
        speaking = Program("speech service", ["speech", "--port", "0", "--key", KEY], variables)
        speech: str = await nursery.start(run_program, speaking, folder, _printed_address)
        yield await _start_server(nursery, folder, variables, speech)
        nursery.cancel_scope.cancel()


async def _start_server(nursery: trio.Nursery, folder: Path, variables: dict[str, str], speech: str) -> Stage:
    """At the usual port, or, where that is taken or has just been taken by another program, at any free one."""
    ports = [PORT] if _is_free(PORT) else []
    ports += _free_ports(ATTEMPTS)
    for port in ports:
        try:
            stage: Stage = await nursery.start(_run_exchange, folder, variables, speech, f"127.0.0.1:{port}")
        except ExceptionGroup as group:
            if port == ports[-1] or group.split(ProgramFailed)[1] is not None:
                raise
        else:
            return stage
    raise AssertionError("the last port is tried to the end")


async def _run_exchange(
    folder: Path,
    variables: dict[str, str],
    speech: str,
    server: str,
    *,
    task_status: trio.TaskStatus[Stage] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Carrier and server, which have each other's addresses: that of the server is chosen before."""
    lines = CarrierLines()
    async with trio.open_nursery() as nursery:
        arguments = ["carrier", "--port", "0", "--voice-url", f"http://{server}/twiml"]
        carrying = Program("carrier", [*arguments, "--phones", str(write_phones(folder))], variables)
        carrier: str = await nursery.start(run_program, carrying, folder, _printed_address, lines.take)
        serving = Program("server", ["serve"], variables | _server_variables(server, speech, carrier))
        await nursery.start(run_program, serving, folder, _printed_address)
        task_status.started(Stage(speech, carrier, server, lines))


def listen_url(speech: str) -> str:
    """The server's default address of Deepgram, at the local speech service, which is told what to expect.

    There, and not by the game's `vocabulary`: `phonegame play`, for which the demo stays up, has no such message. What
    is said to the character comes with that.
    """
    query = f"{urlsplit(DEEPGRAM_URL).query}&{urlencode([('keyterm', text) for text in EXPECTED], quote_via=quote)}"
    return f"ws://{speech}/v1/listen?{query}"


def _server_variables(address: str, speech: str, carrier: str) -> dict[str, str]:
    return {
        "PROXY_URL": address,
        "DEEPGRAM_URL": listen_url(speech),
        "DEEPGRAM_API_KEY": KEY,
        # by itself the server would choose Deepgram's voices, since there is a key
        "PHONEGAME_VOICE": "espeak",
        "TWILIO_API_URL": f"http://{carrier}",
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_PHONE_NUMBER": NUMBER,
        "PHONEGAME_PUBLIC_URL": f"http://{address}",
        "PHONEGAME_DIAL_ALLOW": DIALLED,
        # who ends the demo does not wait for its calls
        "PHONEGAME_STOP_SECONDS": "0",
    }


def _clean_variables() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(_SETTINGS)}
    return kept | {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}


def _is_free(port: int) -> bool:
    """Asked in both ways: a Mac lets two programs listen at one port, one of them on a narrower address."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5):
        return False
    with socket.socket() as listener:
        if os.name == "posix":  # the ports of closed connections are free; on Windows this would steal the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_ports(count: int) -> list[int]:
    """Free just now: the server must be told its public address before it listens."""
    with contextlib.ExitStack() as held:
        listeners = [held.enter_context(socket.socket()) for _ in range(count)]
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return [listener.getsockname()[1] for listener in listeners]


async def _printed_address(program: RunningProgram) -> str:
    match = await program.wait_for_line(r"\w+://([\w.\[\]:-]+:\d+)")
    return match[1]


def phonegame_command() -> str:
    """What to type for `phonegame` in this folder: the one in the demo's own environment."""
    name = "phonegame.exe" if os.name == "nt" else "phonegame"
    path = Path(sys.executable).parent / name
    with contextlib.suppress(ValueError):  # not below this folder
        path = path.relative_to(Path.cwd())
    return f'"{path}"' if " " in str(path) else str(path)
