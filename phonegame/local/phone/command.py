"""`phonegame call`: a phone call from the shell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
import trio

from phonegame.local.phone.dial import parse_address
from phonegame.local.phone.errors import InvalidUrlError
from phonegame.local.phone.phone import KEYS
from phonegame.local.phone.script import Keys, Listen, Pause, PlayWav, Say, Step
from phonegame.local.phone.scripted_call import Order, SoundMode, run_interruptible
from phonegame.server_address import own_server

EXAMPLE_URL = "http://127.0.0.1:5000/twiml"
DEFAULT_STAY = 1.0


class StepOption(click.Option):
    """May be given often; each of its values becomes a step."""

    def __init__(self, declarations: Sequence[str], *, make: Callable[[Any], Step], **attributes: Any) -> None:
        super().__init__(declarations, multiple=True, **attributes)
        self._make = make

    def type_cast_value(self, ctx: click.Context, value: Any) -> tuple[Step, ...]:
        try:
            return tuple(self._make(item) for item in super().type_cast_value(ctx, value) or ())
        except ValueError as error:
            raise click.BadParameter(str(error), ctx, self) from None


class InOrder(click.Command):
    """Hands over `steps`, all StepOptions in the order given: click itself groups them by option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        _, _, order = self.make_parser(ctx).parse_args(list(args))
        rest = super().parse_args(ctx, args)
        given = {
            option.name: iter(ctx.params.pop(option.name))
            for option in self.params
            if isinstance(option, StepOption) and option.name
        }
        ctx.params["steps"] = tuple(next(given[option.name]) for option in order if option.name in given)
        return rest


def _keys(digits: str) -> Keys:
    if not digits or not KEYS.issuperset(digits):
        raise ValueError(f"{digits!r}: the keys are 0 to 9, * and #")
    return Keys(digits)


def _parameter(_ctx: click.Context, _option: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    if wrong := [pair for pair in pairs if "=" not in pair]:
        raise click.BadParameter(f"{wrong[0]!r} is not NAME=VALUE")
    return dict(pair.split("=", 1) for pair in pairs)


def _url(_ctx: click.Context, _argument: click.Parameter, url: str) -> str:
    if url.startswith(("http://", "https://")):
        return url
    if not url.startswith(("ws://", "wss://")):
        raise click.BadParameter(f"{url!r} must look like {EXAMPLE_URL}, or ws://127.0.0.1:5000/twilio")
    try:
        parse_address(url)
    except InvalidUrlError as error:
        raise click.BadParameter(str(error)) from None
    return url


@click.command(cls=InOrder)
@click.argument("url", default=lambda: f"{own_server()}/twiml", callback=_url)
@click.option("--say", cls=StepOption, make=Say, metavar="TEXT", help="Speak a text.")
@click.option("--keys", cls=StepOption, make=_keys, metavar="DIGITS", help="Press keys: 0-9 * #.")
@click.option(
    "--pause",
    cls=StepOption,
    make=Pause,
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="Listen, say nothing.",
)
@click.option(
    "--listen",
    cls=StepOption,
    make=Listen,
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="Until something has been said, and then nothing for so long, or the call is over.",
)
@click.option(
    "--wav",
    cls=StepOption,
    make=PlayWav,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Play a WAV file: any rate and width, mono or stereo.",
)
@click.option("--stay", type=click.FloatRange(0), metavar="SECONDS", help="Listen at the end.  [default: 1, or less]")
@click.option("--record", type=click.Path(dir_okay=False, path_type=Path), help="Write what is heard to a WAV file.")
@click.option(
    "--sound",
    type=click.Choice(["auto", "off", "on"]),
    default="auto",
    show_default=True,
    help="Play what is heard; on: or do not call. Needs the package sounddevice.",
)
@click.option("--from", "caller", metavar="NUMBER", help="The caller's number, such as +15551230001.")
@click.option("--param", "parameters", multiple=True, callback=_parameter, metavar="NAME=VALUE", help="As <Parameter>.")
@click.option("--voice", default="en-us", show_default=True, help="eSpeak NG's voice.")
@click.option("--speed", type=click.IntRange(80, 450), default=150, show_default=True, help="Words a minute.")
@click.option("--ca", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Trust this certificate.")
@click.option("--account-sid", envvar="TWILIO_ACCOUNT_SID", show_envvar=True, help="Twilio's account.")
@click.option(
    "--auth-token",
    envvar="TWILIO_AUTH_TOKEN",
    show_envvar=True,
    help="Signs the call as Twilio does.  [default: the local carrier's]",
)
@click.pass_context
def call(
    ctx: click.Context,
    url: str,
    steps: tuple[Step, ...],
    stay: float | None,
    record: Path | None,
    sound: SoundMode,
    caller: str | None,
    parameters: dict[str, str],
    voice: str,
    speed: int,
    ca: Path | None,
    account_sid: str | None,
    auth_token: str | None,
) -> None:
    """Place a phone call to the server, as Twilio would.

    URL is that of the server's voice webhook, http://host:port/twiml, which tells where the call goes; or
    ws://host:port/twilio, where the server has no TWILIO_AUTH_TOKEN, and takes calls that come unannounced. Without it
    the phone calls the server of this machine, where PROXY_URL says.

    --say, --keys, --pause, --listen and --wav are done in the order given. Without any of them the phone listens until
    the server hangs up.

    \b
    phonegame call --say "forty two" --pause 2 --say "pepperoni" --keys 42 --record heard.wav

    Exit status: 0 as asked, 2 wrong command line, 3 a text or file cannot be spoken or (--sound on) nothing be
    played, 4 no answer, 5 refused, 6 the server hung up before all was said, keyed or waited for, 7 it sent messages
    that Twilio rejects, 8 the recording cannot be written, 130 interrupted.
    """
    lingers = 0.0
    if stay is None and steps:
        stay, lingers = 0.0, DEFAULT_STAY
    order = Order(
        url=url,
        steps=steps,
        stay=stay,
        lingers=lingers,
        caller=caller,
        record=record,
        parameters=parameters,
        account_sid=account_sid,
        auth_token=auth_token,
        trusted=ca,
        voice=voice,
        words_per_minute=speed,
        sound=sound,
    )
    ctx.exit(trio.run(run_interruptible, order))
