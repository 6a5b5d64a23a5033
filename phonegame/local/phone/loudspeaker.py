"""The machine's loudspeaker, through PortAudio: the package `sounddevice`, which is needed only where it is used.

PortAudio asks for sound in a thread of its own (portaudio.com, "Writing a Callback Function": it must not wait). Its
functions that open and close a device do wait, so they run in threads too.
"""

from __future__ import annotations

import audioop
import importlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

import trio

from phonegame.audio import SAMPLE_RATE, SILENCE, Resampler, decode_mulaw
from phonegame.local.phone.errors import NoSoundError
from phonegame.local.phone.sound_queue import SoundQueue

SAMPLE_BYTES = 2
DRAIN_SECONDS = 1.0
CLOSE_SECONDS = 2.0
"""For what is still to be played, and for the device to close. Then it is left to itself."""


class OutputStream(Protocol):
    """Of sounddevice's RawOutputStream."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def close(self) -> None: ...


class Loudspeaker:
    """Plays a call's sound; `open_loudspeaker` makes it. `play` never waits."""

    def __init__(self, rate: int, channels: int) -> None:
        self.queue = SoundQueue(rate * channels * SAMPLE_BYTES, channels * SAMPLE_BYTES)
        self.name = ""
        self._channels = channels
        self._resampler = Resampler(SAMPLE_RATE, rate)

    def play(self, mulaw: bytes) -> None:
        """Sound of the telephone's, in pieces of any length, about as fast as it is played."""
        pcm = self._resampler.convert(decode_mulaw(mulaw))
        if self._channels == 2:
            pcm = audioop.tostereo(pcm, SAMPLE_BYTES, 1, 1)
        self.queue.put(pcm, is_silence=mulaw.count(SILENCE) == len(mulaw))

    def fill(self, out: Any, _frames: int, _time: object, _status: object) -> None:
        """What sounddevice calls, in PortAudio's thread. `out` is a buffer."""
        out[:] = self.queue.take(len(out))


@asynccontextmanager
async def open_loudspeaker() -> AsyncGenerator[Loudspeaker]:
    """The system's own choice of loudspeaker. Raises NoSoundError; what the block raises comes out as it is."""
    loudspeaker, stream = await trio.to_thread.run_sync(_open)
    try:
        yield loudspeaker
    finally:
        with trio.move_on_after(CLOSE_SECONDS, shield=True):
            await trio.to_thread.run_sync(_close, loudspeaker, stream, abandon_on_cancel=True)


def _open() -> tuple[Loudspeaker, OutputStream]:
    sounddevice = _import()
    try:
        device = sounddevice.query_devices(kind="output")
    except (sounddevice.PortAudioError, ValueError) as error:
        raise NoSoundError("this machine has no loudspeaker that PortAudio knows of") from error
    own_rate = int(device["default_samplerate"])
    failure: Exception | None = None
    # most systems convert; for those that do not, the sound is made as the device wants it
    for rate, channels in ((SAMPLE_RATE, 1), (own_rate, 1), (own_rate, 2)):
        loudspeaker = Loudspeaker(rate, channels)
        try:
            stream = _start(sounddevice.RawOutputStream, loudspeaker, rate, channels)
        except sounddevice.PortAudioError as error:
            failure = failure or error
        else:
            loudspeaker.name = str(device["name"])
            return loudspeaker, stream
    raise NoSoundError(f"{device['name']} does not open: {failure}") from failure


def _import() -> Any:
    try:
        return importlib.import_module("sounddevice")
    except ImportError as error:
        raise NoSoundError("the package sounddevice is not installed; pip install sounddevice") from error
    except OSError as error:  # on Linux PortAudio is not in the package
        raise NoSoundError(
            "PortAudio is not installed; on Debian and Ubuntu: sudo apt install libportaudio2"
        ) from error


def _start(make: Callable[..., OutputStream], loudspeaker: Loudspeaker, rate: int, channels: int) -> OutputStream:
    stream = make(samplerate=rate, channels=channels, dtype="int16", callback=loudspeaker.fill)
    try:
        stream.start()
    except BaseException:
        stream.close()
        raise
    return stream


def _close(loudspeaker: Loudspeaker, stream: OutputStream) -> None:
    """Lets the device take what is left, and play what it has taken."""
    loudspeaker.queue.drain_blocking(DRAIN_SECONDS)
    try:
        stream.stop()
    finally:
        stream.close()
