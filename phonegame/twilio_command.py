"""`phonegame twilio`: has a Twilio number's calls answered by this server."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import urlsplit

import click
import trio

from phonegame.carrier import Carrier, CarrierError, CarrierNumber
from phonegame.loopback import is_loopback
from phonegame.settings import NO_NUMBER, Settings, SettingsError
from phonegame.twilio import twiml
from phonegame.twilio.numbers import known_number
from phonegame.twilio_settings import TWILIO_API_URL


@click.group()
def twilio() -> None:
    """Point a Twilio number at this server: by Twilio's REST API, or with TwiML to paste."""


@twilio.command()
@click.option("--number", help="Which number, with its country; TWILIO_PHONE_NUMBER unless given.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
def setup(number: str | None, dry_run: bool) -> None:
    """Set the webhook for calls to the number to PHONEGAME_PUBLIC_URL, and show it before and after.

    Needs TWILIO_ACCOUNT_SID, and TWILIO_AUTH_TOKEN or TWILIO_API_KEY with TWILIO_API_SECRET.
    """
    settings = _settings()
    if not Carrier.is_set_up(settings):
        raise click.ClickException(
            "Set TWILIO_ACCOUNT_SID, PHONEGAME_PUBLIC_URL, and TWILIO_AUTH_TOKEN "
            "(or TWILIO_API_KEY and TWILIO_API_SECRET)."
        )
    if is_loopback(urlsplit(settings.public_url).hostname) and settings.twilio_api_url == TWILIO_API_URL:
        raise click.ClickException(
            f"Twilio cannot reach {settings.public_url}, which is this machine's own address. "
            "Set PHONEGAME_PUBLIC_URL to one that leads here from outside."
        )
    try:
        trio.run(set_up, Carrier(settings), _number(settings, number), _webhook(settings), dry_run)
    except CarrierError as error:
        raise click.ClickException(str(error)) from None


@twilio.command(name="bin")
def print_bin() -> None:
    """Print TwiML for a TwiML Bin, where Twilio's console is used rather than its REST API.

    It hands the call over to the server, which answers with TwiML that is made for this one call: a media stream needs
    a token that is good once, and nothing that is pasted could have one.
    """
    click.echo(twiml.redirected(_webhook(_settings())))


def _settings() -> Settings:
    try:
        # speech is none of this command's business: it needs no key of Deepgram's
        return Settings.load(DEEPGRAM_URL="ws://localhost/v1/listen")
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def _webhook(settings: Settings) -> str:
    if not settings.public_url:
        raise click.ClickException("Set PHONEGAME_PUBLIC_URL, where Twilio reaches this server: https://host")
    return f"{settings.public_url}/twiml"


def _number(settings: Settings, given: str | None) -> str:
    number = given or settings.twilio_phone_number
    if number == NO_NUMBER:
        raise click.ClickException("Which number? Set TWILIO_PHONE_NUMBER, or use --number.")
    known = known_number(number)
    if known is None:
        raise click.ClickException(f"{number} is no phone number with its country, such as +12025550123.")
    return known


class Numbers(Protocol):
    """What is asked of a `Carrier`."""

    async def find_number(self, number: str) -> CarrierNumber | None: ...

    async def set_webhook(self, number_sid: str, url: str) -> CarrierNumber: ...


async def set_up(carrier: Numbers, number: str, webhook: str, dry_run: bool) -> None:
    before = await carrier.find_number(number)
    if before is None:
        raise click.ClickException(f"The account has no number {number}.")
    click.echo(f"Calls to {before.number} are answered by")
    click.echo(f"  before: {_answered_by(before)}")
    if (before.voice_method, before.voice_url) == ("POST", webhook):
        click.echo("  which is as it should be.")
        after = before
    elif dry_run:
        click.echo(f"  it would be: POST {webhook}")
        after = before
    else:
        after = await carrier.set_webhook(before.sid, webhook)
        click.echo(f"  after:  {_answered_by(after)}")
    if after.overridden_by:
        raise click.ClickException(
            f"Twilio does not use this address, since the number belongs to {after.overridden_by}. "
            "Remove it in the console: Phone Numbers, this number, Configure with: Webhook."
        )


def _answered_by(number: CarrierNumber) -> str:
    return f"{number.voice_method} {number.voice_url}" if number.voice_url else "nobody"
