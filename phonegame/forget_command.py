"""`phonegame forget`: deletes what characters remember of a caller, while the server runs, too."""

from __future__ import annotations

import sqlite3
import time

import click
from pydantic import ValidationError

from phonegame.characters.keeping.opening import open_memory
from phonegame.characters.keeping.records import forget as forget_records
from phonegame.memory_settings import MemorySettings
from phonegame.settings import Settings, SettingsError, faults_of
from phonegame.twilio.numbers import known_number


class ForgetSettings(MemorySettings):
    """The server's, as far as they are needed here: Deepgram's key, for one, is not."""

    model_config = Settings.model_config


@click.command()
@click.argument("number", required=False)
@click.option("--all", "everybody", is_flag=True, help="Forget all callers.")
@click.option("--character", metavar="NAME", help="Only what this character remembers.")
@click.option("--older-than", metavar="DAYS", type=click.FloatRange(min=0), help="Only who has not called for so long.")
def forget(number: str | None, everybody: bool, character: str | None, older_than: float | None) -> None:
    """Delete what characters remember of the caller with this NUMBER, such as +12025550123.

    Of a conversation that is going on, nothing is kept. The status is 0 when nothing is left, whether or not there was
    anything. Recordings, and what games have kept themselves, are not touched.
    """
    if number is None and not everybody and character is None and older_than is None:
        raise click.UsageError("Who is to be forgotten? Give a NUMBER, --character, --older-than, or --all.")
    if number is not None and everybody:
        raise click.UsageError("A NUMBER, or --all: which of them?")
    if number is not None and known_number(number) is None:
        raise click.UsageError("NUMBER is no phone number with its country, such as +12025550123.")
    try:
        count = _forget(number, character, older_than)
    except SettingsError as error:
        raise SystemExit(str(error)) from None
    except sqlite3.Error as error:
        raise SystemExit(f"Nothing was deleted: {error}. Try again.") from None
    click.echo(f"{count} conversation{'s' if count != 1 else ''} deleted.")


def _settings() -> ForgetSettings:
    try:
        return ForgetSettings()
    except ValidationError as error:
        raise SettingsError(faults_of(error)) from None


def _forget(number: str | None, character: str | None, older_than: float | None) -> int:
    file = open_memory(_settings(), create=False)
    if file is None:
        raise SettingsError(["PHONEGAME_MEMORY: is not set, so that nobody is remembered"])
    try:
        bare = known_number(number)
        player = file.known_as(bare) if bare is not None else None
        before = time.time() - older_than * 86400 if older_than is not None else None
        return forget_records(file, player, character, before)
    finally:
        file.close()
