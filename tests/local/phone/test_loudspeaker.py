from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import trio
from click.testing import CliRunner

from phonegame.audio import decode_mulaw
from phonegame.local.phone import place_call, wav
from phonegame.local.phone.command import call
from phonegame.local.phone.errors import NoSoundError
from phonegame.local.phone.loudspeaker import Loudspeaker, open_loudspeaker
from phonegame.local.phone.scripted_call import Exit, Order, run_call
from tests.local.phone.fake_sounddevice import FakeSoundDevice
from tests.local.phone.far_end import listening

LOUD = b"\x10"
Install = Callable[[FakeSoundDevice | None], None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a sounddevice in the place of the real one; None: there is none."""
    return lambda module: monkeypatch.setitem(sys.modules, "sounddevice", module)


def sound_in(played: bytes) -> bytes:
    return played.replace(b"\0\0", b"")


async def test_what_is_played_comes_out_whole_at_the_telephones_rate(install: Install) -> None:
    device = FakeSoundDevice()
    install(device)
    tune = bytes(range(120)) * 10
    async with open_loudspeaker() as loudspeaker:
        loudspeaker.play(tune)
    assert decode_mulaw(tune) in bytes(device.played)
    assert (device.rate, device.channels) == (8000, 1)
    assert device.calls == ["start", "stop", "close"]


@pytest.mark.parametrize("channels", [1, 2])
async def test_a_device_with_a_rate_of_its_own_gets_that(install: Install, channels: int) -> None:
    device = FakeSoundDevice(opens={(48000, channels)})
    install(device)
    async with open_loudspeaker() as loudspeaker:
        loudspeaker.play(LOUD * 800)
    (level,) = struct.unpack("<h", decode_mulaw(LOUD))
    heard = struct.unpack(f"<{len(device.played) // 2}h", device.played)
    assert heard.count(level) == pytest.approx(4800 * channels, abs=6 * channels)


def test_sound_for_two_channels_is_the_same_in_both() -> None:
    loudspeaker = Loudspeaker(8000, 2)
    loudspeaker.play(LOUD * 800)
    out = bytearray(80)
    loudspeaker.fill(memoryview(out), 20, None, None)
    assert bytes(out) == decode_mulaw(LOUD) * 40


async def test_a_block_that_fails_closes_the_device(install: Install) -> None:
    device = FakeSoundDevice()
    install(device)
    with pytest.raises(ZeroDivisionError):
        async with open_loudspeaker():
            raise ZeroDivisionError
    assert device.calls == ["start", "stop", "close"]


@pytest.mark.parametrize(
    ("module", "why"),
    [
        (None, "pip install sounddevice"),
        (FakeSoundDevice(has_device=False), "no loudspeaker"),
        (FakeSoundDevice(opens=set()), "Desk does not open: Invalid sample rate"),
    ],
    ids=["no package", "no device", "device in use"],
)
async def test_why_there_is_no_sound(install: Install, module: FakeSoundDevice | None, why: str) -> None:
    install(module)
    with pytest.raises(NoSoundError, match=why):
        async with open_loudspeaker():
            pass


async def test_without_portaudio_the_package_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_name: str) -> None:
        raise OSError("PortAudio library not found")

    monkeypatch.setattr("importlib.import_module", refuse)
    with pytest.raises(NoSoundError, match="libportaudio2"):
        async with open_loudspeaker():
            pass


async def test_a_call_is_played_aloud_up_to_where_it_is_cleared(install: Install, tmp_path: Path) -> None:
    device = FakeSoundDevice()
    install(device)
    recording = tmp_path / "heard.wav"
    async with listening() as far, trio.open_nursery() as nursery:

        async def talk() -> None:
            await far.started.wait()
            await far.media(LOUD * 8000)
            await trio.sleep(0.2)
            await far.send("clear")

        nursery.start_soon(talk)
        order = Order(far.url, [], stay=0.4, record=recording, sound="on")
        assert await run_call(order) == Exit.AS_ASKED
    heard = wav.read(recording).count(LOUD)
    assert 0 < heard < 8000
    assert len(sound_in(bytes(device.played))) == 2 * heard


async def test_what_is_heard_is_handed_on_piece_by_piece_and_complete() -> None:
    pieces: list[bytes] = []
    async with listening() as far, place_call(far.url, on_heard=pieces.append) as phone:
        await far.started.wait()
        await far.media(LOUD * 800)
        await phone.wait_heard(0.1)
    assert len(pieces) > 1
    assert b"".join(pieces) == phone.heard


async def test_auto_goes_on_without_sound_and_says_so_in_a_line(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install(None)
    async with listening() as far:
        assert await run_call(Order(far.url, [], stay=0, sound="auto")) == Exit.AS_ASKED
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "cannot be played aloud" in line] == lines[:1]


async def test_on_does_not_call_without_sound(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    install(None)
    async with listening() as far:
        assert await run_call(Order(far.url, [], stay=0, sound="on")) == Exit.NOT_PREPARED
        assert not far.started.is_set()
    assert "sounddevice" in capsys.readouterr().err


def test_sound_is_automatic_on_the_command_line() -> None:
    assert call.make_context("call", []).params["sound"] == "auto"
    assert CliRunner().invoke(call, ["--sound", "loud"]).exit_code == 2
