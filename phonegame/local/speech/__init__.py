"""A speech service that speaks Deepgram's `/v1/listen`, on this machine and without an account."""

from phonegame.local.speech.intake import Limits
from phonegame.local.speech.marker import encode_silence, encode_speech, encode_word
from phonegame.local.speech.record import Closed, ConnectionRecord
from phonegame.local.speech.script import CloseAfter, Plan, Say, Script, Send, refuse
from phonegame.local.speech.service import SpeechConfig, SpeechService, serve_speech

__all__ = [
    "CloseAfter",
    "Closed",
    "ConnectionRecord",
    "Limits",
    "Plan",
    "Say",
    "Script",
    "Send",
    "SpeechConfig",
    "SpeechService",
    "encode_silence",
    "encode_speech",
    "encode_word",
    "refuse",
    "serve_speech",
]
