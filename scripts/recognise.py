"""How many callers join the right game at the first try? Says the numbers 0 to 99 through the whole chain, and counts.

    python scripts/recognise.py                  100 calls, one after the other: about five minutes
    python scripts/recognise.py --alone          the recogniser without server, sockets and pace: half a minute
    python scripts/recognise.py --speaker espeak in eSpeak NG's voice, as typed text at a local phone

Run it with a Python that has phonegame and its extra `local`. The recordings are those of Debian's package
asterisk-core-sounds-en-wav (one woman, 8 kHz); nothing in the recogniser was estimated from them.
"""

from __future__ import annotations

import argparse
import os
import random
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import trio

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from phonegame.audio import BYTES_PER_MS, FRAME_BYTES, SAMPLE_RATE, SILENCE
from phonegame.local.demo.programs import Program, RunningProgram, run_program
from phonegame.local.game_client import GameClient, connect_game
from phonegame.local.phone import place_call, wav
from phonegame.local.speech.heard import Final
from phonegame.local.speech.numerals import ONES, TEENS, TENS, with_numerals
from phonegame.local.speech.sphinx.recogniser import SphinxRecogniser
from phonegame.local.text_game import Closed, Code, Connected
from phonegame.local.voice_sign import signed
from phonegame.settings import DEEPGRAM_URL
from phonegame.speak.espeak import ESpeakVoice

SOUNDS = Path("/usr/share/asterisk/sounds/en_US_f_Allison/digits")
SILENT_BYTES = frozenset(range(0x6A, 0x80)) | frozenset(range(0xEA, 0x100))
"""mu-law below about a hundredth of full scale."""
GAMES = 10
WANTED_RIGHT, ALLOWED_WRONG = 90, 2
PAUSE_MS = 300  # between the answer and the first word
ANSWER_SECONDS = 4.0  # after the last word, for `connected` to come

Speaker = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Tally:
    right: int
    wrong: list[str]
    none: list[str]

    def report(self) -> str:
        lines = [f"right {self.right}, wrong {len(self.wrong)}, none {len(self.none)}"]
        lines += [f"  wrong: {', '.join(self.wrong)}"] if self.wrong else []
        lines += [f"  none:  {', '.join(self.none)}"] if self.none else []
        return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speaker", choices=["recordings", "espeak"], default="recordings")
    parser.add_argument("--sounds", type=Path, default=SOUNDS, help="folder with 0.wav to 20.wav, 30.wav to 90.wav")
    parser.add_argument("--alone", action="store_true", help="the recogniser alone: what number does it hear?")
    parser.add_argument("--seed", type=int, default=1, help="of the order in which the numbers are said")
    options = parser.parse_args()
    if options.speaker == "recordings" and not (options.sounds / "0.wav").exists():
        print(f"No recordings in {options.sounds}: apt-get install asterisk-core-sounds-en-wav", file=sys.stderr)
        return 2
    speaker: Speaker = partial(say_from_recordings, options.sounds)
    if options.speaker == "espeak":
        speaker = say_with_espeak
    print(_method(options.speaker, options.sounds, alone=options.alone), flush=True)
    started = time.monotonic()
    tally = ask_recogniser(speaker) if options.alone else trio.run(place_calls, speaker, options.seed)
    print(f"\n{tally.report()}\nin {time.monotonic() - started:.0f} s")
    if options.alone:
        return 0
    print(f"wanted: right {WANTED_RIGHT} or more, wrong {ALLOWED_WRONG} or fewer")
    return 0 if tally.right >= WANTED_RIGHT and len(tally.wrong) <= ALLOWED_WRONG else 1


def _method(speaker: str, sounds: Path, *, alone: bool) -> str:
    voice = f"the recordings in {sounds}, tens and ones joined," if speaker == "recordings" else "eSpeak NG"
    if alone:
        return f"Method: {voice} say each number from 0 to 99 to the recogniser, as 8 kHz mu-law."
    return (
        f"Method: {voice} say each number from 0 to 99, a call a number, {PAUSE_MS} ms after it is answered.\n"
        f"`phonegame speech` and `phonegame serve` run as programs of their own; {GAMES} games are connected, whose\n"
        f"codes the server draws from 0-99; new games, until every code has been called. Right: the game with that\n"
        f"code gets `connected` within {ANSWER_SECONDS:.0f} s of the last word; wrong: another does; none: none does."
    )


# what is said


def say_from_recordings(sounds: Path, number: int) -> bytes:
    """mu-law. Between tens and ones the recordings' own silence is cut off."""
    if number <= 20 or number % 10 == 0:
        return wav.read(sounds / f"{number}.wav")
    tens, ones = wav.read(sounds / f"{number // 10 * 10}.wav"), wav.read(sounds / f"{number % 10}.wav")
    return _trimmed(tens) + _trimmed(ones)


def say_with_espeak(number: int) -> bytes:
    return signed(ESpeakVoice().synthesise_blocking(in_words(number)))


def in_words(number: int) -> str:
    small = [*ONES, *TEENS]
    if number < len(small):
        return small[number]
    tens = {value: word for word, value in TENS.items()}[number // 10]
    return tens if number % 10 == 0 else f"{tens} {small[number % 10]}"


def _trimmed(mulaw: bytes) -> bytes:
    loud = [at for at, byte in enumerate(mulaw) if byte not in SILENT_BYTES]
    margin = FRAME_BYTES
    return mulaw[max(0, loud[0] - margin) : loud[-1] + margin] if loud else mulaw


# the recogniser alone


def ask_recogniser(speaker: Speaker) -> Tally:
    right, wrong, none = 0, [], []
    for number in range(100):
        recogniser = SphinxRecogniser(300)
        heard = [*recogniser.feed(_surrounded(speaker(number))), *recogniser.finish()]
        finals = [event for event in heard if isinstance(event, Final)]
        text = " ".join(word.text for final in finals for word in with_numerals(final.words))
        if text.replace(" ", "") == str(number):
            right += 1
        elif text:
            wrong.append(f"{number} as {text!r}")
        else:
            none.append(str(number))
    return Tally(right, wrong, none)


def _surrounded(mulaw: bytes) -> bytes:
    return SILENCE * (PAUSE_MS * BYTES_PER_MS) + mulaw + SILENCE * SAMPLE_RATE


# the whole chain


async def place_calls(speaker: Speaker, seed: int) -> Tally:
    """One call after the other, so that it is certain which caller joined which game."""
    right, wrong, none = 0, [], []
    waiting = set(range(100))
    with tempfile.TemporaryDirectory() as folder:
        async with run_programs(Path(folder)) as server:
            while waiting:
                async with connected_games(server) as (codes, joins):
                    numbers = [code for code in codes if code in waiting]
                    random.Random(seed).shuffle(numbers)
                    for number in numbers:
                        joined = await call(server, speaker(number), joins)
                        right += joined == number
                        wrong += [f"{number} joined {joined}"] if joined not in (None, number) else []
                        none += [str(number)] if joined is None else []
                        waiting.discard(number)
                print(f"{100 - len(waiting):3} calls: right {right}, wrong {len(wrong)}, none {len(none)}", flush=True)
    return Tally(right, wrong, none)


async def call(server: str, speech: bytes, joins: trio.MemoryReceiveChannel[int]) -> int | None:
    """The code of the game that the caller has joined."""
    async with place_call(f"ws://{server}/twilio") as phone:
        await phone.pause(PAUSE_MS / 1000)
        await phone.play(speech)
        with trio.move_on_after(ANSWER_SECONDS):
            return await joins.receive()
    return None


@asynccontextmanager
async def connected_games(server: str) -> AsyncIterator[tuple[list[int], trio.MemoryReceiveChannel[int]]]:
    """Ten games: their codes, and the code of each that is joined."""
    to_joins, joins = trio.open_memory_channel[int](GAMES)
    with to_joins, joins:
        async with AsyncExitStack() as stack:
            games = [await stack.enter_async_context(connect_game(f"ws://{server}/game")) for _ in range(GAMES)]
            codes = [await _read_code(game) for game in games]
            async with trio.open_nursery() as nursery:
                for game, code in zip(games, codes, strict=True):
                    nursery.start_soon(_watch, game, code, to_joins)
                yield codes, joins
                nursery.cancel_scope.cancel()


async def _read_code(game: GameClient) -> int:
    _number, code = await game.receive(), await game.receive()
    assert isinstance(code, Code), code
    return int(code.text)


async def _watch(game: GameClient, code: int, to_joins: trio.MemorySendChannel[int]) -> None:
    while not isinstance(event := await game.receive(), Closed):
        if isinstance(event, Connected):
            await to_joins.send(code)


@asynccontextmanager
async def run_programs(folder: Path) -> AsyncIterator[str]:
    """The speech service and the server; yields the server's host:port."""
    address = f"127.0.0.1:{_free_port()}"
    async with trio.open_nursery() as nursery:
        variables = dict(_variables())
        service = Program("speech service", ["speech", "--port", "0"], variables)
        speech: str = await nursery.start(run_program, service, folder, _printed_address)
        variables |= {
            "PROXY_URL": address,
            "DEEPGRAM_URL": f"ws://{speech}/v1/listen?{urlsplit(DEEPGRAM_URL).query}",
            "DEEPGRAM_API_KEY": "local",
        }
        server = Program("server", ["serve"], variables)
        await nursery.start(run_program, server, folder, partial(_accepts, address))
        yield address
        nursery.cancel_scope.cancel()


def _variables() -> Iterator[tuple[str, str]]:
    """This program's own, without a user's settings."""
    for name, value in os.environ.items():
        if not name.upper().startswith(("DEEPGRAM_", "TWILIO_", "PHONEGAME_", "PROXY_URL", "CERT_PEM", "KEY_PEM")):
            yield name, value
    yield "PYTHONUNBUFFERED", "1"


async def _printed_address(program: RunningProgram) -> str:
    return (await program.wait_for_line(r"ws://([\w.:\[\]-]+:\d+)"))[1]


async def _accepts(address: str, _program: RunningProgram) -> str:
    host, _, port = address.rpartition(":")
    while True:
        try:
            async with await trio.open_tcp_stream(host, int(port)):
                return address
        except OSError:
            await trio.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
