"""The `phonegame` command. Each subcommand lives beside what it starts, and is imported only when it is asked for."""

from __future__ import annotations

import importlib

import click

# name -> where the click command is, and the line that the overview shows
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("phonegame.local.demo.__main__:main", "Open a game and a phone in the browser, on this machine alone."),
    "serve": ("phonegame.serve:serve", "Run the server that patches phone calls into games."),
    "speech": (
        "phonegame.local.speech.command:speech",
        "Run the local speech service (a stand-in for Deepgram).",
    ),
    "call": (
        "phonegame.local.phone.command:call",
        "Place a phone call to the server (a stand-in for Twilio).",
    ),
    "twilio": ("phonegame.twilio_command:twilio", "Point a Twilio number at this server."),
    "doctor": ("phonegame.doctor.command:doctor", "Check settings, keys, addresses, and say how to mend them."),
    "forget": ("phonegame.forget_command:forget", "Delete what characters remember of a caller."),
    "dial": ("phonegame.dial_command:dial", "Have a running server ring somebody up."),
    "carrier": (
        "phonegame.local.twilio_api.command:carrier",
        "Run the local telephone company (a stand-in for Twilio's REST API).",
    ),
    "model": (
        "phonegame.local.model.command:model",
        "Run the local model server (a stand-in for OpenAI and Anthropic).",
    ),
    "character": ("phonegame.local.character.command:character", "Check a character's file, and talk with it."),
    "play": (
        "phonegame.local.play:play",
        "Play a game in the terminal: shows the code and what callers say.",
    ),
}


class LazyGroup(click.Group):
    """Imports a subcommand on use: `phonegame call` needs no web framework, `phonegame serve` no recogniser."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module_name, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module_name), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="phonegame")
def main() -> None:
    """Phone calls as a part of video games."""
