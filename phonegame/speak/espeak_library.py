"""The C library of eSpeak NG: found, loaded, and called.

It comes from the wheel `espeakng_loader`, which carries its data too, or else from the system. It is one global
machine that must not be used by two threads at once. Source: espeak-ng/speak_lib.h.
"""

from __future__ import annotations

import atexit
import ctypes
import ctypes.util
import functools
import itertools
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from phonegame.speak.voice import SpeakError, UnknownVoice, VoiceMissing

BUFFER_MS = 100
"""Speech comes in pieces of this length, each made within about a millisecond."""

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_CHARS_UTF8 = 1  # and not SSML (0x10), nor phonemes in [[ ]] (0x100): a game's text is only ever read aloud
_POS_CHARACTER = 1
_IPA_SEPARATED = 0x02 | ord("_") << 8
_RATE, _PITCH = 1, 3
_MAX_DATA_PATH = 150
_GO_ON, _STOP = 0, 1
_LIST_TERMINATED, _WORD = 0, 1


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


class _Event(ctypes.Structure):
    """espeak_EVENT"""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


_SynthCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))

INSTALL_HINT = "pip install 'phonegame[local]', or the system's package (apt install espeak-ng, brew install espeak-ng)"


class ESpeakMissing(VoiceMissing):
    def __init__(self, cause: str) -> None:
        super().__init__(f"eSpeak NG is needed to speak text: {INSTALL_HINT} ({cause})")


@dataclass(frozen=True, slots=True)
class WordEvent:
    """A word, or a part of one such as the hundreds of a number, is spoken from `ms` on.

    `begin` and `length` are characters of the text that was given; of a number's parts they are only roughly true.
    """

    begin: int
    length: int
    ms: int


class Library:
    """The one instance of the library, initialised. Every call with `lock` held."""

    lock = threading.Lock()

    def __init__(self) -> None:
        path, data = locate()
        try:
            self._lib = ctypes.CDLL(path)
        except OSError as error:
            raise ESpeakMissing(str(error)) from error
        self.sample_rate: int = self._lib.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, BUFFER_MS, data, _DONT_EXIT)
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
            raise unknown(voice)

    def synthesise(
        self, text: str, voice: str, rate: int, pitch: int, take: Callable[[bytes, list[WordEvent]], bool]
    ) -> None:
        """Calls `take` with each piece of 16-bit mono at `sample_rate`, and the words in it, until that gives False."""
        self._select(voice)
        self._lib.espeak_SetParameter(_RATE, rate, 0)
        self._lib.espeak_SetParameter(_PITCH, pitch, 0)

        def called(samples: int | None, count: int, events: ctypes._Pointer[_Event]) -> int:
            pcm = ctypes.string_at(samples, 2 * count) if samples and count > 0 else b""
            return _GO_ON if take(pcm, list(_words(events))) else _STOP

        callback = _SynthCallback(called)  # must live as long as the library may call it
        self._lib.espeak_SetSynthCallback(callback)
        encoded = text.encode(errors="replace") + b"\0"
        status = self._lib.espeak_Synth(encoded, len(encoded), 0, _POS_CHARACTER, 0, _CHARS_UTF8, None, None)
        if status != 0:
            raise SpeakError(f"eSpeak NG failed to synthesise (status {status})")

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


def _words(events: ctypes._Pointer[_Event]) -> Iterator[WordEvent]:
    for index in itertools.count():
        event = events[index]
        if event.type == _LIST_TERMINATED:
            return
        if event.type == _WORD:
            # its positions count from 1
            yield WordEvent(event.text_position - 1, event.length, event.audio_position)


def unknown(voice: str) -> UnknownVoice:
    return UnknownVoice(f"eSpeak NG has no voice {voice!r}; names are languages such as en-us, en-gb, de, es, fr")


@functools.cache
def locate() -> tuple[str, bytes | None]:
    """Path of the library, and of its data where that is not the library's own default. Raises ESpeakMissing."""
    try:
        import espeakng_loader
    except ImportError:
        path = ctypes.util.find_library("espeak-ng")
        if path is None:
            raise ESpeakMissing("neither the package espeakng_loader nor a system library is installed") from None
        return path, None
    return espeakng_loader.get_library_path(), as_c_path(Path(espeakng_loader.get_data_path()))


def as_c_path(data: Path) -> bytes:
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
def library() -> Library:
    return Library()
