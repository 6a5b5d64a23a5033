"""`phonegame serve`: the application under hypercorn's trio worker."""

from __future__ import annotations

import signal
import sys

import click
import structlog
import trio
from hypercorn.config import Config
from hypercorn.trio import serve as hypercorn_serve

from phonegame.app import PhoneGame, create_app
from phonegame.settings import NO_NUMBER, Settings, SettingsError
from phonegame.speak.espeak import ESpeakMissing

MAX_MESSAGE_BYTES = 128 * 1024
"""Hypercorn closes what is longer. The routes have narrower limits, and give reasons."""
PING_SECONDS = 10
SHUTDOWN_SECONDS = 12
"""For goodbyes to be spoken and last words to come through; then hypercorn cancels what is left."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def hypercorn_config(settings: Settings) -> Config:
    config = Config()
    config.bind = [settings.proxy_url]
    if settings.tls:
        config.certfile = str(settings.cert_pem)
        config.keyfile = str(settings.key_pem)
    config.websocket_max_message_size = MAX_MESSAGE_BYTES
    config.websocket_ping_interval = PING_SECONDS
    config.graceful_timeout = 3
    config.include_server_header = False
    return config


async def run_server(
    settings: Settings, *, task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED
) -> None:
    """Serves until SIGINT or SIGTERM, then ends calls and games in order. `started` gives the addresses."""
    app = create_app(settings)
    phonegame: PhoneGame = app.extensions["phonegame"]

    async def told_to_stop() -> None:
        await _stop_signal()
        log.info("stopping", calls=len(phonegame.calls), games=len(phonegame.games))
        phonegame.end_nowait()
        with trio.move_on_after(SHUTDOWN_SECONDS):
            await phonegame.wait_until_empty()

    async with trio.open_nursery() as nursery:
        addresses: list[str] = await nursery.start(
            lambda task_status: hypercorn_serve(
                app, hypercorn_config(settings), shutdown_trigger=told_to_stop, task_status=task_status, mode="asgi"
            )
        )
        log.info(
            "listening",
            at=addresses,
            number="none; callers use `phonegame call`"
            if settings.twilio_phone_number == NO_NUMBER
            else settings.twilio_phone_number,
        )
        task_status.started(addresses)


async def _stop_signal() -> None:
    signals = [signal.SIGINT, signal.SIGTERM]
    if sys.platform == "win32":
        signals.append(signal.SIGBREAK)
    with trio.open_signal_receiver(*signals) as received:
        async for _ in received:
            return


@click.command()
def serve() -> None:
    """Run the server that patches phone calls into games.

    Settings come from environment variables and from a file .env in this folder; the README lists them.
    """
    try:
        trio.run(run_server, Settings.load())
    except* (SettingsError, ESpeakMissing) as group:
        raise SystemExit("\n".join(str(error) for error in group.exceptions)) from None
    except* OSError as group:
        raise SystemExit(f"PROXY_URL: cannot listen there: {group.exceptions[0]}") from None
