"""The names of voices, as games and the setting PHONEGAME_VOICE write them. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from phonegame.speak.voice import UnknownVoice

FORMS = "espeak:en-gb, aura-2-thalia-en, polly:Joanna or google:en-US-Neural2-F"
MAX_SHOWN = 60


class Engine(Enum):
    ESPEAK = "espeak"
    AURA = "aura"
    POLLY = "polly"
    GOOGLE = "google"


@dataclass(frozen=True, slots=True)
class VoiceName:
    engine: Engine
    voice: str
    """The engine's own name for it; empty: the engine's default."""


_FORMS = {
    # the language, and a variant
    Engine.ESPEAK: re.compile(r"espeak(?::([A-Za-z0-9-]{2,40}(?:\+[A-Za-z0-9_-]{1,40})?))?"),
    Engine.AURA: re.compile(r"(?:aura|(aura-[a-z0-9-]{1,60}))"),
    Engine.POLLY: re.compile(r"polly:([A-Za-z]{2,30})"),
    # the language is a part of the name
    Engine.GOOGLE: re.compile(r"google:([a-z]{2,3}-[A-Za-z]{2,4}-[A-Za-z0-9-]{1,60})"),
}


def parse_voice_name(name: str) -> VoiceName:
    """Raises UnknownVoice, which tells the forms that there are."""
    for engine, form in _FORMS.items():
        if match := form.fullmatch(name):
            return VoiceName(engine, match[1] or "")
    raise UnknownVoice(f"there is no voice {name[:MAX_SHOWN]!r}; voices are named such as {FORMS}")
