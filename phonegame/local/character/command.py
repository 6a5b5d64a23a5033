"""`phonegame character`: for whoever writes one."""

from __future__ import annotations

import io
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import click
import trio
from pydantic import ValidationError
from rich.console import Console

from phonegame.character_settings import CharacterSettings
from phonegame.characters.brain import Brain, BrainMissing
from phonegame.characters.brains import find_brain, script
from phonegame.characters.brains.model_brain import ModelBrain
from phonegame.characters.brains.script.brain import ScriptBrain
from phonegame.characters.files import CharacterFileError, CharacterFiles, read_character
from phonegame.local.character.talk import Stage, talk_until_stopped
from phonegame.local.typed_lines import standard_input
from phonegame.settings import Settings, faults_of


class TalkSettings(CharacterSettings):
    """The server's, as far as a model needs them."""

    model_config = Settings.model_config


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def character() -> None:
    """Check a character's file, and talk with it. `phonegame character format` tells how one is written."""


@character.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=_FILE)
@click.pass_context
def check(ctx: click.Context, files: tuple[Path, ...]) -> None:
    """Tell everything that is wrong with the character in each FILE.

    Exit status: 0 all can be used (there may be warnings), 1 one cannot, 2 wrong command line.
    """
    ctx.exit(max(_check(path) for path in files))


def _check(path: Path) -> int:
    examined = read_character(path)
    for fault in examined.faults.found:
        click.echo(f"{path}: {'warning: ' if fault.warning else ''}{fault}", err=not fault.warning)
    if examined.persona is None:
        return 1
    kind = "script" if examined.persona.script else "language model"
    click.echo(f"{path}: {examined.persona.name}, played by a {kind}, can be used")
    return 0


@character.command(name="format")
def show_format() -> None:
    """Tell how a character's file is written."""
    click.echo((script.__doc__ or "").strip())


@character.command()
@click.argument("file", type=_FILE)
@click.option("--seed", type=int, help="The same number, the same replies.")
def talk(file: Path, seed: int | None) -> None:
    """Talk with the character in FILE: you type, it answers. What you change in the file counts at once.

    An empty line is silence. When it wants something done in the game, you are the game, and type what has come of it:
    JSON or plain words; nothing for done; "no", or "no" and why, for failed. Arguments that its file does not allow are
    refused, as the server does it. Ctrl-C ends the call.

    One without a script is played by the model in PHONEGAME_MODEL, with PHONEGAME_MODEL_URL and PHONEGAME_MODEL_KEY.

    Exit status: 0 the call has ended, 1 the file cannot be used, or there is no model for it.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a reply may hold what an old console cannot show
    stage = Stage(Console(highlight=False), standard_input())
    try:
        trio.run(_talk, file, seed, stage)
    except (CharacterFileError, BrainMissing) as error:
        raise click.ClickException(str(error)) from None


async def _talk(file: Path, seed: int | None, stage: Stage) -> None:
    files = CharacterFiles()
    persona = await files.load(file)
    async with AsyncExitStack() as stack:
        brain: Brain = ScriptBrain(seed)
        if not persona.script:
            brain = await stack.enter_async_context(_model())
        await talk_until_stopped(files, persona, brain, stage)


def _model() -> ModelBrain:
    """Raises BrainMissing."""
    try:
        settings = TalkSettings()
    except ValidationError as error:
        raise click.ClickException("\n".join(faults_of(error))) from None
    return find_brain(settings.model, url=settings.model_url, key=settings.model_key.get_secret_value())
