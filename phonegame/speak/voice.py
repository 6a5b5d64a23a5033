"""What a voice is, and how one fails."""

from __future__ import annotations

from typing import Protocol

from phonegame.speak.sound import Sound

# SpeakError
# +-- VoiceMissing   not installed, or no key for it: says what to do
#     +-- ESpeakMissing (espeak.py)
# +-- UnknownVoice   there is no voice of this name
# +-- TextTooLong    more than an engine takes at once


class SpeakError(Exception):
    """A voice could not speak. The text says what is wrong and what to do: for the operator, and for the game.

    Never what was to be said, never a key.
    """


class VoiceMissing(SpeakError):
    """The engine is not installed, or not set up."""


class UnknownVoice(SpeakError):
    """No engine has a voice of this name."""


class TextTooLong(SpeakError):
    def __init__(self, length: int, most: int) -> None:
        super().__init__(f"{length} characters to say; at most {most} at once")


class Voice(Protocol):
    """One engine that speaks, in one of its voices."""

    @property
    def name(self) -> str:
        """As a game writes it: `espeak:en-gb`, `aura-2-thalia-en`, `polly:Joanna`, `google:en-US-Neural2-F`."""

    async def speak(self, sound: Sound) -> None:
        """Fills `sound` with the audio of `sound.text`, one sentence, piece by piece as it is made; does not end it.

        A word time is there before its audio, from an engine that tells them. Cancelling stops it at once. Raises
        SpeakError, maybe after some of the audio.
        """
