"""All that this server can speak with: voices by name, made when they are first asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from functools import partial
from urllib.parse import urlsplit

import structlog
import trio

from phonegame.speak.aura import AuraVoice, aura_model, aura_url
from phonegame.speak.aura_pool import AuraPool
from phonegame.speak.cache import MAX_BYTES, CachedVoice, RecordingCache
from phonegame.speak.espeak import ESpeakMissing, ESpeakVoice
from phonegame.speak.google import GoogleVoice
from phonegame.speak.polly import PollyVoice
from phonegame.speak.sentences import sentences
from phonegame.speak.voice import Voice, VoiceMissing
from phonegame.speak.voice_names import Engine, parse_voice_name

MAX_VOICES = 64
"""Games may name any; a voice takes little, so the one not used for longest is made again when it is."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Voices:
    """Give `run` a task for as long as there are calls: Aura's connections live in it.

    `default` is the setting PHONEGAME_VOICE: a voice's name, `auto` or `none`. Raises SpeakError where that voice
    cannot be had. `auto` is Aura where there is a key for it, else eSpeak NG where it is installed, else none.
    """

    def __init__(self, default: str, *, speak_url: str, deepgram_key: str, cache_bytes: int = MAX_BYTES) -> None:
        self._pool = AuraPool(partial(aura_url, speak_url), deepgram_key)
        self._default_model = aura_model(speak_url)
        self._has_aura = bool(deepgram_key) or urlsplit(speak_url).hostname in _LOOPBACK
        self._cache = RecordingCache(cache_bytes)
        self._voices: OrderedDict[str, Voice] = OrderedDict()
        name = ("aura" if deepgram_key else "espeak") if default == "auto" else default
        self._default: Voice | None = None
        try:
            self._default = None if name == "none" else self.find(name)
        except ESpeakMissing as error:
            if default != "auto":
                raise
            log.warning("callers hear nothing: there is no voice", why=str(error))

    @property
    def has_voice(self) -> bool:
        """Whether the server has a voice of its own. Games may name others in any case."""
        return self._default is not None

    def find(self, name: str | None) -> Voice:
        """None: the default. Raises SpeakError at once where there is no such voice, as far as its name tells."""
        if name is None:
            if self._default is None:
                raise VoiceMissing("the server has no voice; set PHONEGAME_VOICE, or name a voice")
            return self._default
        voice = self._voices.get(name)
        if voice is None:
            self._voices[name] = voice = CachedVoice(self._make(name), self._cache)
            if len(self._voices) > MAX_VOICES:
                self._voices.popitem(last=False)
        self._voices.move_to_end(name)
        return voice

    def keep(self, texts: Iterable[str]) -> None:
        """What the server says again and again stays in the cache, in its own voice, once it has been made."""
        if self._default is not None:
            self._cache.keep(self._default.name, [piece for text in texts for piece in sentences(text)])

    def warm_nowait(self) -> None:
        """The server's own voice will be wanted soon, since a call has begun: opens a connection where it needs one."""
        if self._default is not None and parse_voice_name(self._default.name).engine is Engine.AURA:
            self._pool.warm_nowait(self._default.name)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Runs until it is cancelled. What is being spoken then fails with a SpeakError."""
        await self._pool.run(task_status=task_status)

    def _make(self, name: str) -> Voice:
        parsed = parse_voice_name(name)
        match parsed.engine:
            case Engine.ESPEAK:
                return ESpeakVoice(parsed.voice) if parsed.voice else ESpeakVoice()
            case Engine.AURA:
                if not self._has_aura:
                    raise VoiceMissing("Deepgram's voices need a key; set DEEPGRAM_API_KEY")
                return AuraVoice(parsed.voice or self._default_model, self._pool)
            case Engine.POLLY:
                return PollyVoice(parsed.voice)
            case Engine.GOOGLE:
                return GoogleVoice(parsed.voice)
