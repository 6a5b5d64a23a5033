"""Has sentences synthesised ahead of their turn, each in a task of its own; their errors end here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import structlog
import trio

from phonegame.speak.performance import Part
from phonegame.speak.sound import Sound
from phonegame.speak.voice import SpeakError, Voice

VOICE_SECONDS = 10.0
"""A voice that has not delivered a byte for so long is given up."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Synthesis:
    """`on_progress` is called when a part has more audio, or is complete."""

    def __init__(self, on_progress: Callable[[Part], None]) -> None:
        self._on_progress = on_progress
        self._wanted: list[Part] = []

    def want(self, parts: Sequence[Part], nursery: trio.Nursery) -> None:
        """Makes sure that these have a sound, or will. What was wanted before and has not been sent is dropped."""
        for part in self._wanted:
            if part not in parts and not part.sent:
                part.drop()
        for part in parts:
            if part.sound is None:
                self._begin(part, nursery)
        self._wanted = list(parts)

    def _begin(self, part: Part, nursery: trio.Nursery) -> None:
        if part.voice is None:
            part.sound = Sound(audio=part.audio, ended=True)
            return
        part.failure = None
        part.asked_at, part.first_audio_at = trio.current_time(), None
        scope = part.synthesis = trio.CancelScope(deadline=part.asked_at + VOICE_SECONDS)
        part.sound = Sound(part.text, on_change=partial(self._progress, part, scope))
        nursery.start_soon(self._synthesise, part, part.voice, part.sound, scope)

    def _progress(self, part: Part, scope: trio.CancelScope) -> None:
        now = trio.current_time()
        scope.deadline = now + VOICE_SECONDS
        if part.first_audio_at is None:
            part.first_audio_at = now
        self._on_progress(part)

    async def _synthesise(self, part: Part, voice: Voice, sound: Sound, scope: trio.CancelScope) -> None:
        failure = None
        try:
            with scope:
                await voice.speak(sound)
        except SpeakError as error:
            log.warning("the voice failed", voice=voice.name, why=str(error))
            failure = str(error)
        except Exception:
            log.exception("error in a voice", voice=voice.name)
            failure = f"the voice {voice.name} failed; the server's log tells why"
        if part.sound is not sound:
            return
        if scope.cancelled_caught:
            failure = f"the voice {voice.name} has delivered nothing for {VOICE_SECONDS:.0f} s"
            log.warning("the voice failed", voice=voice.name, why=failure)
        part.failure = failure
        if failure is None:
            sound.end_nowait()
        else:
            self._on_progress(part)
