"""`phonegame serve`: the application under hypercorn's trio worker."""

from __future__ import annotations

import contextlib
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import structlog
import trio
from hypercorn.trio import serve as hypercorn_serve

from phonegame.access import require_locks
from phonegame.app import GOODBYE_SECONDS, PhoneGame, create_app
from phonegame.garbage import spare_what_is_loaded
from phonegame.groups import leaves
from phonegame.hypercorn_trio import CallConfig
from phonegame.logs import masked, set_up_logs
from phonegame.settings import NO_NUMBER, Settings, SettingsError, split_address
from phonegame.speak.voice import SpeakError
from phonegame.stop_signals import run_until_stopped
from phonegame.workers.alone import require_redis
from phonegame.workers.control import Control
from phonegame.workers.fleet import Fleet
from phonegame.workers.metrics import SiblingMetrics
from phonegame.workers.sockets import CannotListen, ListeningSockets
from phonegame.workers.worker import WorkerFailed

MAX_MESSAGE_BYTES = 128 * 1024
"""Hypercorn closes what is longer. The routes have narrower limits, and give reasons."""
PING_SECONDS = 10
MOST_WORKERS = 64

MAX_DESCRIPTORS = (65536, 10240)
"""A call has four: two sockets, each with a second descriptor. macOS may refuse the larger number."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def hypercorn_config(settings: Settings) -> CallConfig:
    config = CallConfig()
    config.bind = [settings.proxy_url]
    if settings.tls:
        config.certfile = str(settings.cert_pem)
        config.keyfile = str(settings.key_pem)
    config.handshake_seconds = config.ssl_handshake_timeout = settings.handshake_seconds
    config.body_seconds = settings.body_seconds
    config.keep_alive_timeout = settings.idle_seconds
    config.websocket_max_message_size = MAX_MESSAGE_BYTES
    config.websocket_ping_interval = PING_SECONDS
    config.graceful_timeout = 3
    config.include_server_header = False
    # phonegame says itself where it listens; hypercorn's errors go the way of all logs
    config.errorlog = logging.getLogger("hypercorn.error")
    config.errorlog.setLevel(logging.WARNING)
    return config


def raise_descriptor_limit() -> None:
    """As far as a process may by itself: the usual 1024 are 250 calls. Windows has no such limit."""
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        for number in MAX_DESCRIPTORS:
            wanted = number if hard == resource.RLIM_INFINITY else min(number, hard)
            if soft == resource.RLIM_INFINITY or soft >= wanted:
                return
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
                return


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `addresses` are its URLs, such as http://127.0.0.1:5000."""

    addresses: list[str]
    phonegame: PhoneGame


async def run_server(
    settings: Settings,
    wait_for_stop: Callable[[], Awaitable[None]],
    *,
    listen_fd: int | None = None,
    keeps_listening: Callable[[], bool] = lambda: True,
    task_status: trio.TaskStatus[Server] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serves until `wait_for_stop` returns, then ends: see `PhoneGame.stop`. Raises `CannotListen`, in a group.

    `listen_fd`: the socket to listen at, where somebody else has opened it. `keeps_listening`: whether a server that
    is to stop still answers, so that load balancers learn of it; another one may listen at the same address.
    """
    raise_descriptor_limit()
    app = create_app(settings)
    phonegame: PhoneGame = app.extensions["phonegame"]
    config = hypercorn_config(settings)
    if listen_fd is not None:
        config.bind = [f"fd://{listen_fd}"]

    async def told_to_stop() -> None:
        await wait_for_stop()
        seconds = settings.stop_seconds
        log.info("stopping", calls=len(phonegame.calls), games=len(phonegame.games), seconds_for_calls=seconds)
        if not keeps_listening():
            # hypercorn lets connections go on for so long, and has each of them end what is behind it
            phonegame.is_replaced = True
            config.graceful_timeout = seconds + GOODBYE_SECONDS
            return
        await phonegame.stop(seconds)
        with trio.move_on_after(GOODBYE_SECONDS):
            await phonegame.wait_until_empty()

    async with trio.open_nursery() as nursery:
        addresses: list[str]
        try:
            addresses = await nursery.start(
                partial(hypercorn_serve, app, config, shutdown_trigger=told_to_stop, mode="asgi")
            )
        except* OSError as group:
            why = leaves(group)[0]
            raise CannotListen(f"PROXY_URL: cannot listen at {settings.proxy_url}: {why}") from why
        known = settings.twilio_phone_number != NO_NUMBER
        number = masked(settings.twilio_phone_number) if known else "none: callers use `phonegame call`"
        log.info("listening", at=" ".join(addresses), number=number)
        task_status.started(Server(addresses, phonegame))


async def serve_for_good(settings: Settings, wait_for_stop: Callable[[], Awaitable[None]]) -> None:
    """As what this process is there for."""
    async with trio.open_nursery() as nursery:
        await nursery.start(run_server, settings, wait_for_stop)
        spare_what_is_loaded()


@dataclass(frozen=True, slots=True)
class InFleet:
    """What its parent has told a worker on the command line."""

    number: int
    listen_fd: int
    control_fd: int
    folder: Path
    """Of the parent's and its workers' own."""


async def run_worker(settings: Settings, given: InFleet) -> None:
    """One of several, as its parent tells it. A signal of its own has it make room for another one."""
    control = Control(given.control_fd)
    run = partial(run_server, listen_fd=given.listen_fd, keeps_listening=lambda: control.keeps_listening)
    async with trio.open_nursery() as around:
        around.start_soon(control.run, around.cancel_scope)
        around.start_soon(_retire_on_signal, control)
        async with trio.open_nursery() as nursery:
            server: Server = await nursery.start(run, settings, control.wait_for_stop)
            spare_what_is_loaded()
            siblings = SiblingMetrics(given.folder, given.number, server.phonegame.metrics.families)
            await around.start(siblings.run)
            server.phonegame.tell_metrics = siblings.as_text
            await control.say_ready()
        around.cancel_scope.cancel()


async def _retire_on_signal(control: Control) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as received:
        async for _ in received:
            control.retire_nowait()


async def run_workers(settings: Settings, count: int, arguments: Sequence[str]) -> None:
    """The parent of several. Raises `CannotListen`, or `WorkerFailed` in a group."""
    host, port = split_address(settings.proxy_url)
    assert host is not None
    assert port is not None
    sockets = ListeningSockets(host, port, count)
    with contextlib.closing(sockets), TemporaryDirectory(prefix="phonegame-") as folder:
        fleet = Fleet(count, [*arguments, "--folder", folder], sockets, settings.stop_seconds + GOODBYE_SECONDS)
        log.info("workers start", count=count, host=host, port=sockets.port)
        await run_until_stopped(fleet.run, fleet.renew_nowait)


@click.command()
@click.option(
    "--character",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Callers talk to this character: no code, no game.  [default: PHONEGAME_CHARACTER]",
)
@click.option("--insecure", is_flag=True, help="Start even though a key is missing that would lock a door.")
@click.option(
    "--workers",
    type=click.IntRange(1, MOST_WORKERS),
    default=1,
    show_default=True,
    help="So many processes at one address, each with a core's worth of calls. More than one needs Redis.",
)
@click.option("--worker", "number", type=int, hidden=True)
@click.option("--listen-fd", type=int, hidden=True)
@click.option("--control-fd", type=int, hidden=True)
@click.option("--folder", type=click.Path(path_type=Path), hidden=True)
def serve(
    insecure: bool,
    character: Path | None,
    workers: int,
    number: int | None,
    listen_fd: int | None,
    control_fd: int | None,
    folder: Path | None,
) -> None:
    """Run the server that patches phone calls into games.

    Settings come from environment variables and from a file .env in this folder; the README lists them.
    """
    try:
        given = {"insecure": insecure or None, "character": character}
        settings = Settings.load(**{name: value for name, value in given.items() if value is not None})
        require_locks(settings)
        require_redis(settings, workers)
    except SettingsError as error:
        raise SystemExit(str(error)) from None
    try:
        if number is not None and listen_fd is not None and control_fd is not None and folder is not None:
            structlog.contextvars.bind_contextvars(worker=number)
            trio.run(run_worker, settings, InFleet(number, listen_fd, control_fd, folder))
        elif workers > 1:
            set_up_logs(settings.log, settings.log_level)
            arguments = [*(["--insecure"] if insecure else []), *(["--character", str(character)] if character else [])]
            trio.run(run_workers, settings, workers, arguments)
        else:
            trio.run(run_until_stopped, partial(serve_for_good, settings))
    except* (SpeakError, CannotListen, SettingsError, WorkerFailed) as group:
        raise SystemExit("\n".join(str(error) for error in leaves(group))) from None
