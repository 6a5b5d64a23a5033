"""Deepgram's Aura voices over their websocket: audio flows while synthesis goes on."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from phonegame.audio import SAMPLE_RATE
from phonegame.deepgram.speak_messages import MAX_TEXT
from phonegame.speak.aura_pool import AuraPool
from phonegame.speak.sound import Sound
from phonegame.speak.voice import TextTooLong

DEFAULT_MODEL = "aura-2-thalia-en"
"""Deepgram's own default is of the first generation."""
_TELEPHONE = {"encoding": "mulaw", "sample_rate": str(SAMPLE_RATE)}


class AuraVoice:
    """One model, which is one voice. Its connections are the pool's."""

    def __init__(self, model: str, pool: AuraPool) -> None:
        self.name = model
        self._pool = pool

    async def speak(self, sound: Sound) -> None:
        """Raises SpeakError; the first sound comes within the pool's limit, or it does."""
        if len(sound.text) > MAX_TEXT:
            raise TextTooLong(len(sound.text), MAX_TEXT)
        await self._pool.speak(self.name, sound)


def aura_model(speak_url: str) -> str:
    """The model that DEEPGRAM_SPEAK_URL names."""
    return dict(parse_qsl(urlsplit(speak_url).query)).get("model") or DEFAULT_MODEL


def aura_url(speak_url: str, model: str) -> str:
    """DEEPGRAM_SPEAK_URL for another model. What a telephone needs is forced; other parameters stay as they are."""
    parts = urlsplit(speak_url)
    forced = {"model": model, **_TELEPHONE}
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in forced]
    # the websocket is always without a container; asked for another one it would refuse
    kept = [(name, value) for name, value in kept if name != "container"]
    return urlunsplit(parts._replace(query=urlencode([*forced.items(), *kept], quote_via=quote)))
