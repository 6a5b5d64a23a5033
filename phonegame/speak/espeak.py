"""eSpeak NG in this process: plain text -> telephone audio, with no account, no network, no program to start.

The library comes from the wheel `espeakng_loader`, which carries its data too, or else from the system. It is
one global, not thread-safe machine: a lock in here keeps a second thread out, and tasks wait for their turn
in front of the worker thread.
"""

from __future__ import annotations

import atexit
import ctypes
import ctypes.util
import functools
import itertools
import os
import re
import shutil
import sys
import tempfile
import threading
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import trio

from phonegame.speak.downsample import telephone_pieces

MAX_TEXT = 4000
"""Characters a call; about three minutes of speech. Longer text is cut into sentences by whoever sends it."""

# espeak-ng/speak_lib.h
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_CHARS_UTF8 = 1  # and not SSML (0x10), nor phonemes in [[ ]] (0x100): a game's text is only ever read aloud
_POS_CHARACTER = 1
_IPA_SEPARATED = 0x02 | ord("_") << 8
_RATE, _PITCH = 1, 3
_MAX_DATA_PATH = 150
_GO_ON, _STOP = 0, 1
_SynthCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class _VoiceProperties(ctypes.Structure):
    """espeak_VOICE"""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_char_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


# eSpeak NG also opens files by this name: no dots, no slashes
_VOICE_NAME = re.compile(r"[A-Za-z0-9-]{2,40}(\+[A-Za-z0-9_-]{1,40})?")
INSTALL_HINT = "pip install 'phonegame[local]', or the system's package (apt install espeak-ng, brew install espeak-ng)"


class SpeakError(Exception):
    """eSpeak NG could not do what was asked. The text says what to change, and never what was to be said."""


class ESpeakMissing(SpeakError):
    def __init__(self, cause: str) -> None:
        super().__init__(f"eSpeak NG is needed to speak text: {INSTALL_HINT} ({cause})")


class UnknownVoice(SpeakError):
    def __init__(self, name: str) -> None:
        super().__init__(f"eSpeak NG has no voice {name!r}; names are languages such as en-us, en-gb, de, es, fr")


class TextTooLong(SpeakError):
    def __init__(self, length: int) -> None:
        super().__init__(f"{length} characters to say; at most {MAX_TEXT} at once")


class _Library:
    """The one instance of the library, initialised. Every call with `lock` held."""

    lock = threading.Lock()

    def __init__(self) -> None:
        path, data = _locate()
        try:
            self._lib = ctypes.CDLL(path)
        except OSError as error:
            raise ESpeakMissing(str(error)) from error
        self.sample_rate: int = self._lib.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 0, data, _DONT_EXIT)
        if self.sample_rate <= 0:
            raise ESpeakMissing(f"{path} found, but not its data at {data!r}")
        self._lib.espeak_Synth.argtypes = [
            *(ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int),
            *(ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p),
        ]

    def _select(self, voice: str) -> None:
        """Some names are those of voices (de, en-us), others only of languages that a voice speaks (en-gb)."""
        if self._lib.espeak_SetVoiceByName(voice.encode()) == 0:
            return
        wanted = _VoiceProperties(languages=voice.encode())
        if self._lib.espeak_SetVoiceByProperties(ctypes.byref(wanted)) != 0:
            raise UnknownVoice(voice)

    def synthesise(self, text: str, voice: str, rate: int, pitch: int, stopped: Callable[[], bool]) -> bytes:
        """16-bit mono at `sample_rate`; cut short once `stopped`, which is asked for every 60 ms of speech."""
        self._select(voice)
        self._lib.espeak_SetParameter(_RATE, rate, 0)
        self._lib.espeak_SetParameter(_PITCH, pitch, 0)
        pieces: list[bytes] = []

        def take(samples: int | None, count: int, _events: int) -> int:
            if samples and count > 0:
                pieces.append(ctypes.string_at(samples, 2 * count))
            return _STOP if stopped() else _GO_ON

        callback = _SynthCallback(take)  # must live as long as the library may call it
        self._lib.espeak_SetSynthCallback(callback)
        encoded = text.encode(errors="replace") + b"\0"
        status = self._lib.espeak_Synth(encoded, len(encoded), 0, _POS_CHARACTER, 0, _CHARS_UTF8, None, None)
        if status != 0:
            raise SpeakError(f"eSpeak NG failed to synthesise (status {status})")
        return b"".join(pieces)

    def ipa(self, text: str, voice: str) -> str:
        """Phonemes with "_" between; those of a clause end where the next one's begin."""
        self._select(voice)
        to_phonemes = self._lib.espeak_TextToPhonemes
        to_phonemes.restype = ctypes.c_char_p
        to_phonemes.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]
        rest = ctypes.c_char_p(text.encode(errors="replace"))
        clauses: list[str] = []
        while rest.value is not None:  # one clause a call; the pointer is moved on
            phonemes = to_phonemes(ctypes.byref(rest), _CHARS_UTF8, _IPA_SEPARATED)
            clauses.append((phonemes or b"").decode(errors="replace"))
        return "_".join(clauses)


def ipa(text: str, voice: str = "en-us") -> str:
    """How eSpeak NG would say the text: phonemes of the International Phonetic Alphabet with "_" between.

    Blocks, for well under a millisecond a word. Raises SpeakError.
    """
    with _Library.lock:
        return _library().ipa(text, voice)


@functools.cache
def _locate() -> tuple[str, bytes | None]:
    """Path of the library, and of its data where that is not the library's own default."""
    try:
        import espeakng_loader
    except ImportError:
        path = ctypes.util.find_library("espeak-ng")
        if path is None:
            raise ESpeakMissing("neither the package espeakng_loader nor a system library is installed") from None
        return path, None
    return espeakng_loader.get_library_path(), _as_c_path(Path(espeakng_loader.get_data_path()))


def _as_c_path(data: Path) -> bytes:
    """The library keeps its path in 160 characters, so an environment deep in the file system is reached by a link."""
    if len(os.fsencode(data)) > _MAX_DATA_PATH and sys.platform != "win32":
        folder = tempfile.mkdtemp(prefix="phonegame-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        link = Path(folder, data.name)
        link.symlink_to(data, target_is_directory=True)
        data = link
    # it opens files by the system's 8-bit names, which on Windows are not UTF-8
    return str(data).encode("mbcs", errors="replace") if sys.platform == "win32" else os.fsencode(data)


@functools.cache
def _library() -> _Library:
    return _Library()


# one run of trio, one waiting line in front of the library
_turns: trio.lowlevel.RunVar[trio.CapacityLimiter] = trio.lowlevel.RunVar("espeak_turns")


def _turn() -> trio.CapacityLimiter:
    try:
        return _turns.get()
    except LookupError:
        _turns.set(trio.CapacityLimiter(1))
        return _turns.get()


def plain(text: str) -> str:
    """What is left to read aloud: control characters, which eSpeak takes for commands, become blanks."""
    return "".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in text).strip()


@dataclass(frozen=True, slots=True)
class ESpeakVoice:
    """A voice of eSpeak NG; equal ones are interchangeable, and none holds anything open.

    Names are languages, with an optional variant: `en-us`, `en-gb`, `de`, `en-us+f3`.
    """

    name: str = "en-us"
    words_per_minute: int = 150
    pitch: int = 50

    def __post_init__(self) -> None:
        """Raises ESpeakMissing, UnknownVoice, ValueError. A voice that there is not shows when it speaks."""
        _locate()
        if not _VOICE_NAME.fullmatch(self.name):
            raise UnknownVoice(self.name)
        if not 80 <= self.words_per_minute <= 450:
            raise ValueError(f"words_per_minute must be from 80 to 450, not {self.words_per_minute}")
        if not 0 <= self.pitch <= 99:
            raise ValueError(f"pitch must be from 0 to 99, not {self.pitch}")

    async def synthesise(self, text: str) -> bytes:
        """mu-law at 8000 Hz; empty for a text with nothing to say. Cancelling stops it within milliseconds.

        Raises SpeakError: eSpeak NG is missing, the voice unknown, the text longer than MAX_TEXT.
        """
        stop = threading.Event()
        try:
            return await trio.to_thread.run_sync(
                self.synthesise_blocking, text, stop.is_set, limiter=_turn(), abandon_on_cancel=True
            )
        finally:
            stop.set()

    def synthesise_blocking(self, text: str, stopped: Callable[[], bool] = lambda: False) -> bytes:
        """As `synthesise`, in the calling thread, for about a hundredth of the speech's length."""
        pcm, sample_rate = self.synthesise_pcm(text, stopped)
        return b"".join(itertools.takewhile(lambda _: not stopped(), telephone_pieces(pcm, sample_rate)))

    def synthesise_pcm(self, text: str, stopped: Callable[[], bool] = lambda: False) -> tuple[bytes, int]:
        """16-bit little-endian mono as eSpeak NG makes it, and its samples per second (22050). Blocks."""
        if len(text) > MAX_TEXT:
            raise TextTooLong(len(text))
        spoken = plain(text)
        with _Library.lock:
            library = _library()
            if not spoken:
                return b"", library.sample_rate
            pcm = library.synthesise(spoken, self.name, self.words_per_minute, self.pitch, stopped)
            return pcm, library.sample_rate
