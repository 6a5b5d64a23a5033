"""How a speech service is set up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from phonegame.local.speech.intake import Limits
from phonegame.local.speech.marker import WORD_MS
from phonegame.local.speech.script import Script
from phonegame.local.speech.speaking.commands import SpeakLimits
from phonegame.local.speech.speaking.pace import Pace

KEPT_RECORDS = 2000  # of the newest connections, for a test
KEPT_WITHOUT_AUDIO = 20  # and for a service that runs for days

RecogniserName = Literal["sphinx", "marker", "deaf"]
VoiceName = Literal["espeak", "marker"]


@dataclass(frozen=True, slots=True)
class SpeechConfig:
    """`port` 0: any free one. `key` None: any or none will do. `codes`, `voices` and `dictation` are for sphinx alone.

    `recogniser`, `limits` and `threads` are about `/v1/listen`; `voice`, `speak_limits` and `pace` about `/v1/speak`.
    `keep_audio` keeps every byte of audio in the records: for tests, not for a service that runs for days.
    """

    host: str = "127.0.0.1"
    port: int = 0
    key: str | None = None
    recogniser: RecogniserName = "sphinx"
    script: Script = field(default_factory=Script)
    codes: tuple[str, ...] = ()
    voices: Literal["human", "espeak"] = "human"
    dictation: bool = False
    limits: Limits = field(default_factory=Limits)
    threads: int = 2
    keep_audio: bool = True
    voice: VoiceName = "espeak"
    marker_word_ms: int = WORD_MS
    speak_limits: SpeakLimits = field(default_factory=SpeakLimits)
    pace: Pace = field(default_factory=Pace)

    @property
    def kept_records(self) -> int:
        return KEPT_RECORDS if self.keep_audio else KEPT_WITHOUT_AUDIO
