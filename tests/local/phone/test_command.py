from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import trio
from click.testing import CliRunner

from phonegame.local.phone import command, wav
from phonegame.local.phone.command import call
from phonegame.local.phone.script import Keys, Listen, Pause, PlayWav, Say, Step
from phonegame.local.phone.scripted_call import Exit, Order, run_call
from phonegame.local.speech.marker import encode_speech
from tests.local.phone.far_end import listening


def test_steps_are_in_the_order_of_the_command_line(tmp_path: Path) -> None:
    sound = tmp_path / "in.wav"
    wav.write(sound, b"\xff" * 80)
    line = [
        "--say",
        "forty two",
        "--pause",
        "2",
        "--keys",
        "4#",
        "--say=pepperoni",
        "--wav",
        str(sound),
        "--listen",
        "1",
    ]
    ctx = call.make_context("call", line)
    assert ctx.params["steps"] == (
        Say("forty two"),
        Pause(2),
        Keys("4#"),
        Say("pepperoni"),
        PlayWav(sound),
        Listen(1),
    )


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (["--keys", "4a"], "keys"),
        (["--keys", ""], "keys"),
        (["--pause", "-1"], "range"),
        (["--wav", "no such file"], "does not exist"),
        (["localhost/twiml"], "http://"),
        (["ws:///twilio"], "ws://"),
        (["--param", "token"], "NAME=VALUE"),
    ],
)
def test_wrong_command_line_is_explained(line: list[str], word: str) -> None:
    result = CliRunner().invoke(call, line)
    assert result.exit_code == 2
    assert word in result.output


async def test_call_as_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    heard = tmp_path / "heard.wav"
    async with listening() as far:
        order = Order(far.url, [Keys("4"), Pause(0)], stay=0, record=heard, parameters={"from": "+1555"})
        assert await run_call(order) == Exit.AS_ASKED
        await far.closed.wait()
    assert [message["dtmf"]["digit"] for message in far.of("dtmf")] == ["4"]
    assert far.of("start")[0]["start"]["customParameters"] == {"from": "+1555"}
    assert len(wav.read(heard)) > 0
    lines = [line.split("s  ", 1)[1] for line in capsys.readouterr().out.splitlines()]
    assert lines[1:5] == ["connected", "keys 4", "listens for 0 s", "hung up"]


async def test_server_hangs_up_before_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    async with listening() as far, trio.open_nursery() as nursery:

        async def hang_up() -> None:
            await far.started.wait()
            await far.socket.aclose(1000, "busy")

        nursery.start_soon(hang_up)
        assert await run_call(Order(far.url, [Pause(30)], stay=0)) == Exit.SERVER_HUNG_UP
    assert "busy" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("steps", "lingers", "code", "word", "status"),
    [
        ([Listen(60)], 0, 1000, "hello", Exit.AS_ASKED),
        ([Listen(0), Listen(60)], 1, 1000, "hello", Exit.AS_ASKED),
        ([], 60, 1000, "hello", Exit.AS_ASKED),
        ([Listen(60)], 1, 1011, "hello", Exit.SERVER_HUNG_UP),
        ([Listen(60)], 1, 1000, "", Exit.SERVER_HUNG_UP),
        ([], 60, 1000, "", Exit.SERVER_HUNG_UP),
        ([Listen(60), Keys("1")], 1, 1000, "hello", Exit.SERVER_HUNG_UP),
        ([Listen(60), Pause(1)], 1, 1000, "hello", Exit.SERVER_HUNG_UP),
    ],
)
async def test_who_only_listens_any_more_may_be_hung_up_on(
    steps: list[Step], lingers: float, code: int, word: str, status: Exit
) -> None:
    async with listening() as far, trio.open_nursery() as nursery:

        async def hang_up() -> None:
            await far.started.wait()
            if word:
                await far.media(encode_speech(word, word_ms=60))
            await far.mark("played")
            await far.marked.wait()
            await far.socket.aclose(code, "over")

        nursery.start_soon(hang_up)
        assert await run_call(Order(far.url, steps, stay=0, lingers=lingers)) == status


@pytest.mark.parametrize(
    ("lines", "url"),
    [
        ("", "http://127.0.0.1:5000/twiml"),
        ("PROXY_URL=0.0.0.0:8123", "http://127.0.0.1:8123/twiml"),
        ("PROXY_URL=phone.test:443\nCERT_PEM=cert.pem\nPHONEGAME_CODES=rubbish", "https://phone.test:443/twiml"),
    ],
)
def test_without_a_url_it_calls_the_server_of_this_machine(
    lines: str, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text(lines)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PROXY_URL", raising=False)
    called: list[Order] = []

    async def note(order: Order) -> Exit:
        called.append(order)
        return Exit.AS_ASKED

    monkeypatch.setattr(command, "run_interruptible", note)
    assert CliRunner().invoke(call, []).exit_code == 0
    assert [order.url for order in called] == [url]


async def test_phone_without_a_script_listens_until_the_server_hangs_up() -> None:
    async with listening() as far, trio.open_nursery() as nursery:

        async def hang_up() -> None:
            await far.started.wait()
            await far.socket.aclose()

        nursery.start_soon(hang_up)
        assert await run_call(Order(far.url, [], stay=None)) == Exit.AS_ASKED


async def test_messages_that_twilio_would_not_take_fail_the_call(capsys: pytest.CaptureFixture[str]) -> None:
    async with listening() as far, trio.open_nursery() as nursery:

        async def misbehave() -> None:
            await far.started.wait()
            await far.socket.send_message("nonsense")

        nursery.start_soon(misbehave)
        assert await run_call(Order(far.url, [], stay=0.2)) == Exit.COMPLAINTS
    assert "31951" in capsys.readouterr().out


async def test_refused_call(capsys: pytest.CaptureFixture[str]) -> None:
    async with listening() as far:
        far.reject_with = 403
        assert await run_call(Order(far.url, [], stay=0)) == Exit.REJECTED
    assert "403" in capsys.readouterr().err


async def test_unanswered_call(capsys: pytest.CaptureFixture[str]) -> None:
    with trio.socket.socket() as unused:
        await unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    assert await run_call(Order(f"ws://127.0.0.1:{port}/twilio", [], stay=0)) == Exit.NO_ANSWER
    assert "phonegame serve" in capsys.readouterr().err


async def test_what_cannot_be_played_is_told_before_the_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.wav").write_bytes(b"not a WAV")
    order = Order("ws://127.0.0.1:1/twilio", [PlayWav(tmp_path / "x.wav")], stay=0)
    assert await run_call(order) == Exit.NOT_PREPARED
    assert "x.wav" in capsys.readouterr().err


async def test_recording_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with listening() as far:
        order = Order(far.url, [], stay=0, record=tmp_path / "no folder" / "x.wav")
        assert await run_call(order) == Exit.NOT_RECORDED
    assert "recording" in capsys.readouterr().err


def test_auth_token_is_not_shown() -> None:
    assert "planted" not in repr(Order("ws://x/twilio", [], stay=0, auth_token="planted"))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no process can be sent Ctrl-C alone on Windows")
async def test_ctrl_c_hangs_up_properly(tmp_path: Path) -> None:
    heard = tmp_path / "heard.wav"
    async with listening() as far, trio.open_nursery() as nursery:
        command = [sys.executable, "-m", "phonegame", "call", far.url, "--pause", "60", "--record", str(heard)]
        run = partial(trio.run_process, command, check=False, stdout=subprocess.DEVNULL)
        process: trio.Process = await nursery.start(run)
        await far.started.wait()
        os.kill(process.pid, signal.SIGINT)
        assert await process.wait() == Exit.INTERRUPTED
        await far.closed.wait()
    assert len(far.of("stop")) == 1
    assert far.close_code == 1000
    assert heard.exists()
