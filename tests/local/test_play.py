from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys

import pytest
import trio
from click.testing import CliRunner
from rich.console import Console

from phonegame.cli import main
from phonegame.local.play import Screen, play_until_stopped
from phonegame.local.text_game import Closed, Code, Connected, Heard, PhoneNumber
from tests.local.text_server import CODE, NUMBER, Visit, final, text_server


class Typed:
    """Standard input, as chunks that arrive one at a time."""

    def __init__(self, *chunks: bytes) -> None:
        self._chunks = list(chunks)

    def read(self, _size: int, /) -> bytes:
        return self._chunks.pop(0) if self._chunks else b""


def shown_on(terminal: bool, *, width: int = 80) -> tuple[Screen, io.StringIO]:
    out = io.StringIO()
    return Screen(Console(file=out, force_terminal=terminal, width=width, highlight=False, color_system=None)), out


async def test_play_shows_the_code_then_what_the_caller_says() -> None:
    async def visit(server: Visit) -> None:
        await server.greet()
        await server.say("connected")
        await server.say(final("I would like"))
        await server.say(final("", is_final=True))
        await server.say('{"type":"UtteranceEnd","channel":[0,1],"last_word_end":5.4}')
        await server.say(final("a [red]pizza[/red]"))

    screen, out = shown_on(terminal=False)
    async with text_server(visit) as url:
        assert await play_until_stopped(url, None, screen, None) == Closed(1000, None)
    lines = [line.split(maxsplit=1) for line in out.getvalue().splitlines()]
    assert lines[:2] == [["call", NUMBER], ["say", CODE]]
    assert lines[3:] == [
        ["connected", "a caller is in the game"],
        ["caller", "I would like"],
        ["caller", "a [red]pizza[/red]"],
    ]


async def test_typed_lines_go_to_the_caller() -> None:
    heard: list[str] = []

    async def visit(server: Visit) -> None:
        await server.greet()
        heard.extend([await server.hear(), await server.hear()])

    screen, _ = shown_on(terminal=False)
    typed = Typed(b"which size", b"?\r\n\n  ", "large or caf\u00e9?".encode(), b"\n")
    async with text_server(visit) as url:
        await play_until_stopped(url, None, screen, typed)
    assert heard == ["which size?", "large or caf\u00e9?"]


async def test_the_game_goes_on_after_the_end_of_standard_input() -> None:
    async def visit(server: Visit) -> None:
        await server.greet()
        await server.hear()
        await server.say(final("still here"))

    screen, out = shown_on(terminal=False)
    async with text_server(visit) as url:
        await play_until_stopped(url, None, screen, Typed(b"the only line"))
    assert "still here" in out.getvalue()


async def test_the_key_goes_along_as_a_bearer_token() -> None:
    sent: list[bytes | None] = []

    async def visit(server: Visit) -> None:
        sent.append(server.headers.get(b"authorization"))
        await server.greet()

    screen, _ = shown_on(terminal=False)
    async with text_server(visit) as url:
        await play_until_stopped(url, "sesame", screen, None)
    assert sent == [b"Bearer sesame"]


async def test_a_close_is_told_with_its_code_and_reason() -> None:
    async def visit(server: Visit) -> None:
        await server.close(1013, "no code is free")

    screen, _ = shown_on(terminal=False)
    async with text_server(visit) as url:
        assert await play_until_stopped(url, None, screen, None) == Closed(1013, "no code is free")


def test_code_is_large_in_a_terminal() -> None:
    screen, out = shown_on(terminal=True)
    screen.show(PhoneNumber("+1"))
    screen.show(Code("17"))
    # the last row of 1 and of 7
    assert any("###    #" in line.replace("\u2588", "#") for line in out.getvalue().splitlines())


@pytest.mark.parametrize("code", ["a code of sixteen", "n\u00e4he"], ids=["too wide", "a letter without a large form"])
def test_code_without_a_large_form_is_spelled_out(code: str) -> None:
    screen, out = shown_on(terminal=True, width=60)
    screen.show(PhoneNumber("1"))
    screen.show(Code(code))
    assert code in out.getvalue()


def test_what_the_caller_says_cannot_rule_the_terminal() -> None:
    screen, out = shown_on(terminal=True)
    screen.show(Heard("a\x1b[2Jb\x07", 0, 1))
    screen.show(Connected())
    assert "a[2Jb" in out.getvalue()
    assert "\x1b[2J" not in out.getvalue()


def test_nothing_at_the_address_says_how_to_start_the_server() -> None:
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        url = f"ws://127.0.0.1:{nobody_listens.getsockname()[1]}/game"
        result = CliRunner().invoke(main, ["play", url])
    assert result.exit_code == 1
    assert f"Nothing answers at {url}. Start the server with: phonegame serve" in result.output


def test_an_address_of_another_kind_is_refused() -> None:
    result = CliRunner().invoke(main, ["play", "http://127.0.0.1:5000"])
    assert result.exit_code == 1
    assert "ws://127.0.0.1:5000/game" in result.output


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.skipif(os.name == "nt", reason="Windows has no signal that reaches one process of a console")
async def test_a_signal_ends_the_game_with_a_goodbye_though_a_thread_waits_for_typed_lines(name: str) -> None:
    greeted = trio.Event()
    close_codes: list[int] = []

    async def visit(server: Visit) -> None:
        await server.greet()
        greeted.set()
        close_codes.append(await server.wait_closed())

    async with text_server(visit) as url:
        command = [sys.executable, "-m", "phonegame", "play", url]
        with trio.fail_after(20):
            process = await trio.lowlevel.open_process(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            assert process.stdin is not None
            assert process.stdout is not None
            async with process.stdin, process.stdout:
                output = b""
                while b"What you type" not in output:
                    output += await process.stdout.receive_some()
                process.send_signal(getattr(signal, name))
                assert await process.wait() == 0
                async for data in process.stdout:
                    output += data
    assert close_codes == [1000]
    assert b"Traceback" not in output
    assert b"Fatal" not in output
