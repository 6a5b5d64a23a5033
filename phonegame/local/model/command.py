"""`phonegame model`: the model server in a process of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import click
import trio

from phonegame.groups import leaves
from phonegame.local.model.config import MODEL, ModelConfig
from phonegame.local.model.script import Script
from phonegame.local.model.script_file import ScriptFileError, load_script
from phonegame.local.model.service import serve_model
from phonegame.stop_signals import run_until_stopped


def _script(_ctx: click.Context, _option: click.Parameter, path: Path | None) -> Script:
    if path is None:
        return Script()
    try:
        return load_script(path)
    except ScriptFileError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=5003, show_default=True, help="Port to listen on; 0 takes any free one.")
@click.option("--key", envvar="PHONEGAME_MODEL_KEY", show_envvar=True, help="The only key to accept. Without: any.")
@click.option(
    "--script",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_script,
    help="TOML: replies, calls of tools, and faults. Without: repeats what is said.",
)
def model(host: str, port: int, key: str | None, script: Script) -> None:
    """Run the local model server (a stand-in for OpenAI and Anthropic).

    Prints what the server must be told. There is no model in it: it says what its script says, such as

    \b
        [[answer]]                  # the next reply, once
        text = "What would you like on it?"
        token = 0.05                # seconds before each word
        [[answer]]                  # for whoever says this, however often
        said = "mushrooms"
        text = "Mushrooms it is."
        calls = [{ name = "order", arguments = { topping = "mushrooms" } }]
        [[answer]]
        status = 429                # refused, in place of a reply
        [then]                      # whenever there is no other
        text = "You said: {said}"
    """
    config = ModelConfig(host=host, port=port, key=key, script=script)
    try:
        trio.run(run_until_stopped, partial(_serve, config))
    except* OSError as group:
        raise click.ClickException(f"cannot listen on {host}:{port}: {leaves(group)[0]}") from group


async def _serve(config: ModelConfig, wait_for_stop: Callable[[], Awaitable[None]]) -> None:
    async with trio.open_nursery() as nursery:
        service = await nursery.start(serve_model, config)
        click.echo(f"PHONEGAME_MODEL={MODEL}")
        click.echo(f"PHONEGAME_MODEL_URL={service.openai_url}")
        click.echo(
            f"# Anthropic's protocol: PHONEGAME_MODEL=anthropic:{MODEL}, PHONEGAME_MODEL_URL={service.anthropic_url}"
        )
        await wait_for_stop()
        nursery.cancel_scope.cancel()
