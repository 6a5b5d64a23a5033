"""`phonegame speech`: the speech service in a process of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Literal

import click
import trio

from phonegame.codes import parse_codes
from phonegame.groups import leaves
from phonegame.local.speech.config import RecogniserName, SpeechConfig, VoiceName
from phonegame.local.speech.intake import Limits
from phonegame.local.speech.script import Script
from phonegame.local.speech.script_file import ScriptFileError, load_script
from phonegame.local.speech.service import serve_speech
from phonegame.local.speech.speaking.commands import SpeakLimits
from phonegame.local.speech.speaking.pace import Pace
from phonegame.stop_signals import run_until_stopped


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=5001, show_default=True, help="Port to listen on; 0 takes any free one.")
@click.option("--key", envvar="PHONEGAME_SPEECH_KEY", help="The only API key to accept. Without: any or none will do.")
@click.option(
    "--codes",
    envvar="PHONEGAME_CODES",
    default="0-99",
    show_default=True,
    help="Codes that callers may say: 0-99, 1000-9999, words, file:PATH.",
)
@click.option(
    "--recogniser",
    type=click.Choice(["sphinx", "marker", "deaf"]),
    default="sphinx",
    show_default=True,
    help="sphinx hears speech; marker hears words that a test wrote into the audio; deaf hears nothing.",
)
@click.option(
    "--voices",
    type=click.Choice(["human", "espeak"]),
    default="human",
    show_default=True,
    help="Who calls: people, or eSpeak NG, whose voice the models must be adapted to. "
    "What it says at a local phone is understood with either.",
)
@click.option(
    "--voice",
    type=click.Choice(["espeak", "marker"]),
    default="espeak",
    show_default=True,
    help="Who speaks on /v1/speak: eSpeak NG, or words written into the audio, for tests.",
)
@click.option(
    "--dictation",
    is_flag=True,
    help="Recognise any English, not just numbers, codes and keyterms. Poor at 8 kHz.",
)
@click.option(
    "--script",
    type=click.Path(path_type=Path, dir_okay=False),
    help="TOML or JSON: transcripts and faults for tests.",
)
@click.option("--max-speed", default=1.25, show_default=True, help="How many times real time audio may come.")
@click.option("--burst", default=1.0, show_default=True, help="Seconds of audio that may come at once.")
@click.option("--first-byte", default=0.2, show_default=True, help="Seconds from a Flush to the first of its audio.")
@click.option("--speak-speed", default=8.0, show_default=True, help="How many times real time audio is sent.")
@click.option(
    "--connections",
    type=click.IntRange(min=1),
    help="How many connections there may be at once, listening and speaking each; more are refused with 429.",
)
@click.option("--threads", default=2, show_default=True, help="How many callers are recognised at the same time.")
def speech(
    host: str,
    port: int,
    key: str | None,
    codes: str,
    recogniser: RecogniserName,
    voices: Literal["human", "espeak"],
    voice: VoiceName,
    dictation: bool,
    script: Path | None,
    max_speed: float,
    burst: float,
    first_byte: float,
    speak_speed: float,
    connections: int | None,
    threads: int,
) -> None:
    """Run the local speech service (a stand-in for Deepgram, both listening and speaking).

    Prints its two URLs once it listens. Point the server at them:

    \b
    DEEPGRAM_URL='ws://127.0.0.1:5001/v1/listen?model=nova-3&encoding=mulaw&sample_rate=8000&numerals=true'
    DEEPGRAM_SPEAK_URL='ws://127.0.0.1:5001/v1/speak?model=aura-2-thalia-en&encoding=mulaw&sample_rate=8000'

    Flux is at /v2/listen:

    \b
    DEEPGRAM_URL='ws://127.0.0.1:5001/v2/listen?model=flux-general-en&encoding=mulaw&sample_rate=8000&numerals=true'
    """
    config = SpeechConfig(
        host=host,
        port=port,
        key=key,
        recogniser=recogniser,
        script=_script(script),
        codes=_codes(codes) if recogniser == "sphinx" else (),
        voices=voices,
        dictation=dictation,
        limits=Limits(max_speed=max_speed, burst_seconds=burst, connections=connections),
        threads=threads,
        voice=voice,
        speak_limits=SpeakLimits(connections=connections),
        pace=Pace(first_byte_seconds=first_byte, speed=speak_speed),
        keep_audio=False,
    )
    try:
        trio.run(run_until_stopped, partial(_serve, config))
    except* OSError as group:
        raise click.ClickException(f"cannot listen on {host}:{port}: {leaves(group)[0]}") from group


async def _serve(config: SpeechConfig, wait_for_stop: Callable[[], Awaitable[None]]) -> None:
    async with trio.open_nursery() as nursery:
        service = await nursery.start(serve_speech, config)
        click.echo(f"{service.url}\n{service.speak_url}")
        await wait_for_stop()
        nursery.cancel_scope.cancel()


def _script(path: Path | None) -> Script:
    if path is None:
        return Script()
    try:
        return load_script(path)
    except ScriptFileError as error:
        raise click.BadParameter(str(error), param_hint="--script") from error


def _codes(spec: str) -> tuple[str, ...]:
    try:
        return tuple(parse_codes(spec))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--codes / PHONEGAME_CODES") from error
