"""`phonegame carrier`: the stand-in for Twilio in a process of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path

import click
import trio

from phonegame.groups import leaves
from phonegame.local.phone.script import Pause, Say
from phonegame.local.twilio_api.answers import Answer, Answers, Busy, Declines, Fails, Lost, Machine, NoAnswer
from phonegame.local.twilio_api.call import Call
from phonegame.local.twilio_api.carrier import LocalCarrier, serve_carrier
from phonegame.local.twilio_api.config import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    NUMBER,
    CarrierConfig,
    Delivery,
    Event,
    Timing,
)
from phonegame.local.twilio_api.people import scripted
from phonegame.local.twilio_api.phones_file import PhonesFileError, load_phones
from phonegame.logs import masked
from phonegame.stop_signals import run_until_stopped
from phonegame.twilio.numbers import known_number

DIALLED = "+1201"
"""With which the numbers of `PHONES` begin."""
PHONES: Mapping[str, tuple[str, Answer]] = {
    "+12015550101": ("says hello", Answers(behave=scripted([Pause(1), Say("Hello, who is there?")]))),
    "+12015550102": ("is busy", Busy()),
    "+12015550103": ("rings, and nobody answers", NoAnswer()),
    "+12015550104": ("declines the call", Declines()),
    "+12015550105": ("has an answering machine", Machine(rings=2)),
    "+12015550106": ("does not exist", Fails()),
    "+12015550107": ("is never heard of", Lost()),
}
"""What there is without a file. Everybody else answers, and listens."""

_REPORTS: tuple[Event, ...] = ("initiated", "ringing", "answered", "completed", "amd")
CALLBACKS: Mapping[str, Mapping[Event, Delivery]] = {
    "in-order": {},
    "out-of-order": {"initiated": Delivery(after="answered"), "ringing": Delivery(after="completed")},
    "twice": dict.fromkeys((*_REPORTS, "voice", "action"), Delivery(copies=2)),
    "never": dict.fromkeys(_REPORTS, Delivery(copies=0)),
}
"""Twilio promises neither order nor number of its callbacks, and asks for TwiML again where a connection has failed."""


def _phones(_ctx: click.Context, _option: click.Parameter, path: Path | None) -> dict[str, Answer]:
    if path is None:
        return {number: answer for number, (_, answer) in PHONES.items()}
    try:
        return load_phones(path)
    except PhonesFileError as error:
        raise click.BadParameter(str(error)) from error


def _number(_ctx: click.Context, _option: click.Parameter, text: str) -> str:
    """It is written for people where the server's settings are read."""
    number = known_number(text)
    if number is None:
        raise click.BadParameter(f"{text!r} is no phone number with its country, such as {NUMBER}")
    return number


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=5002, show_default=True, help="Port to listen on; 0 takes any free one.")
@click.option("--account-sid", envvar="TWILIO_ACCOUNT_SID", default=ACCOUNT_SID, show_envvar=True, help="The account.")
@click.option("--auth-token", envvar="TWILIO_AUTH_TOKEN", default=AUTH_TOKEN, show_envvar=True, help="Its token.")
@click.option("--api-key", envvar="TWILIO_API_KEY", show_envvar=True, help="A key that is as good as the token.")
@click.option("--api-secret", envvar="TWILIO_API_SECRET", show_envvar=True, help="The key's secret.")
@click.option(
    "--number",
    envvar="TWILIO_PHONE_NUMBER",
    default=NUMBER,
    show_envvar=True,
    callback=_number,
    help="The account's number.",
)
@click.option(
    "--voice-url",
    default="http://127.0.0.1:5000/twiml",
    show_default=True,
    help="Who is asked what happens with a call to the number.",
)
@click.option(
    "--phones",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_phones,
    help="TOML: who answers which number, and how.",
)
@click.option(
    "--callbacks",
    type=click.Choice(list(CALLBACKS)),
    default="in-order",
    show_default=True,
    help="How the server is told what becomes of a call; with `twice` it is asked for TwiML twice, too.",
)
@click.option("--ring", default=2.0, show_default=True, type=click.FloatRange(0.01, 60), help="Seconds of one ring.")
def carrier(
    host: str,
    port: int,
    account_sid: str,
    auth_token: str,
    api_key: str | None,
    api_secret: str | None,
    number: str,
    voice_url: str,
    phones: dict[str, Answer],
    callbacks: str,
    ring: float,
) -> None:
    """Run the local telephone company (a stand-in for Twilio's REST API).

    Prints what the server must be told, then a line for whatever happens to a call. Calls are placed by `phonegame
    dial`, a game, or the operator's page; there is no need for an account.
    """
    config = CarrierConfig(
        host=host,
        port=port,
        account_sid=account_sid,
        auth_token=auth_token,
        api_keys={api_key: api_secret} if api_key and api_secret else {},
        numbers=(number,),
        voice_url=voice_url,
        phones=phones,
        deliveries=CALLBACKS[callbacks],
        timing=Timing(ring_seconds=ring),
        keep_audio=False,
    )
    try:
        trio.run(run_until_stopped, partial(_serve, config))
    except* OSError as group:
        raise click.ClickException(f"cannot listen on {host}:{port}: {leaves(group)[0]}") from group


async def _serve(config: CarrierConfig, wait_for_stop: Callable[[], Awaitable[None]]) -> None:
    async with trio.open_nursery() as nursery:
        served = await nursery.start(serve_carrier, config, _announce)
        _introduce(served)
        await wait_for_stop()
        nursery.cancel_scope.cancel()


def _introduce(carrier: LocalCarrier) -> None:
    """A token that was given is known to whoever gave it; the built-in one is no secret."""
    config = carrier.config
    click.echo(f"TWILIO_API_URL={carrier.url}")
    click.echo(f"TWILIO_ACCOUNT_SID={config.account_sid}")
    click.echo(f"TWILIO_AUTH_TOKEN={AUTH_TOKEN if config.auth_token == AUTH_TOKEN else '(as given)'}")
    click.echo(f"TWILIO_PHONE_NUMBER={carrier.number}")
    click.echo(f"PHONEGAME_PUBLIC_URL={(carrier.numbers[0].voice_url or '').removesuffix('/twiml')}")
    allowed = DIALLED if config.phones.keys() <= PHONES.keys() else ",".join(config.phones)
    click.echo(f"PHONEGAME_DIAL_ALLOW={allowed}")
    for number in config.phones:
        what, answer = PHONES.get(number, ("", None))
        is_built_in = answer is config.phones[number]
        click.echo(f"  {number}  {what if is_built_in else type(config.phones[number]).__name__.lower()}")
    click.echo("  any other     answers and listens")
    click.echo(f"A telephone in the browser: {carrier.phone_url}")


def _announce(call: Call, text: str) -> None:
    click.echo(f"{call.sid[:8]}  {masked(call.handset.number)}  {text}")
