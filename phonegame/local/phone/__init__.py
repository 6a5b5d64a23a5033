"""A phone that stands in for Twilio: calls `/twilio`, from a test or from the shell (`phonegame call`)."""

from phonegame.local.phone.errors import (
    DialError,
    HungUpError,
    InvalidUrlError,
    NoAnswerError,
    NoHandshakeError,
    PhoneError,
    RejectedError,
    WavError,
)
from phonegame.local.phone.hearing import Sound
from phonegame.local.phone.incoming import Complaint
from phonegame.local.phone.outgoing import Identity
from phonegame.local.phone.phone import Phone, place_call
from phonegame.local.phone.playback import Arrival, Cleared, MarkBack, Underrun
from phonegame.local.phone.quirks import Frame, Quirks
from phonegame.local.phone.stream import Ended, PhoneEvent

__all__ = [
    "Arrival",
    "Cleared",
    "Complaint",
    "DialError",
    "Ended",
    "Frame",
    "HungUpError",
    "Identity",
    "InvalidUrlError",
    "MarkBack",
    "NoAnswerError",
    "NoHandshakeError",
    "Phone",
    "PhoneError",
    "PhoneEvent",
    "Quirks",
    "RejectedError",
    "Sound",
    "Underrun",
    "WavError",
    "place_call",
]
