"""A speech service that speaks Deepgram's `/v1/listen` and `/v1/speak`, on this machine and without an account."""

from phonegame.local.speech.config import SpeechConfig
from phonegame.local.speech.intake import Limits
from phonegame.local.speech.marker import encode_silence, encode_speech, encode_word
from phonegame.local.speech.record import Closed, ConnectionRecord
from phonegame.local.speech.script import CloseAfter, Plan, Say, Script, Send, refuse
from phonegame.local.speech.service import SpeechService, serve_speech
from phonegame.local.speech.speaking.commands import SpeakLimits
from phonegame.local.speech.speaking.pace import LIKE_DEEPGRAM, Pace
from phonegame.local.speech.speaking.record import Outcome, SpeakRecord, Utterance
from phonegame.local.speech.speaking.script import CloseWhen, SendWhen, SpeakPlan, When, refuse_to_speak

__all__ = [
    "LIKE_DEEPGRAM",
    "CloseAfter",
    "CloseWhen",
    "Closed",
    "ConnectionRecord",
    "Limits",
    "Outcome",
    "Pace",
    "Plan",
    "Say",
    "Script",
    "Send",
    "SendWhen",
    "SpeakLimits",
    "SpeakPlan",
    "SpeakRecord",
    "SpeechConfig",
    "SpeechService",
    "Utterance",
    "When",
    "encode_silence",
    "encode_speech",
    "encode_word",
    "refuse",
    "refuse_to_speak",
    "serve_speech",
]
