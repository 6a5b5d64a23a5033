"""As much of the module sounddevice as the phone uses. Its device asks for sound in a thread, as PortAudio does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

Callback = Callable[[memoryview, int, object, object], None]
BLOCK_FRAMES = 64


class PortAudioError(Exception):
    pass


class FakeSoundDevice(ModuleType):
    """`played` is what the loudspeaker got. It opens with the (rate, channels) that are in `opens`, or with all."""

    PortAudioError = PortAudioError

    def __init__(self, *, opens: set[tuple[int, int]] | None = None, has_device: bool = True) -> None:
        super().__init__("sounddevice")
        self.opens = opens
        self.has_device = has_device
        self.played = bytearray()
        self.rate = self.channels = 0
        self.calls: list[str] = []
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def query_devices(self, *, kind: str) -> dict[str, Any]:
        assert kind == "output"
        if not self.has_device:
            raise PortAudioError("Error querying device -1")
        return {"name": "Desk", "default_samplerate": 48000.0}

    def RawOutputStream(  # noqa: N802 - a class in sounddevice
        self, *, samplerate: int, channels: int, dtype: str, callback: Callback
    ) -> FakeSoundDevice:
        assert dtype == "int16"
        if self.opens is not None and (samplerate, channels) not in self.opens:
            raise PortAudioError("Invalid sample rate")
        self.rate, self.channels = samplerate, channels
        self._thread = threading.Thread(target=self._ask, args=[callback])
        return self

    def start(self) -> None:
        self.calls.append("start")
        assert self._thread is not None
        self._thread.start()

    def stop(self) -> None:
        self.calls.append("stop")
        self._stopping.set()
        assert self._thread is not None
        self._thread.join()

    def close(self) -> None:
        self.calls.append("close")

    def _ask(self, callback: Callback) -> None:
        size = BLOCK_FRAMES * self.channels * 2
        while not self._stopping.wait(BLOCK_FRAMES / self.rate):
            block = bytearray(size)
            callback(memoryview(block), BLOCK_FRAMES, None, None)
            self.played += block
