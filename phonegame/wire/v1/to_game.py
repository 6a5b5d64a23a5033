"""What the server tells a game. The docstrings are the protocol's documentation: the catalogue hands them on.

`encode` puts `seq` behind `type` for all of these but `Welcome` and `Pong`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

from phonegame.speak.saying import Dropped
from phonegame.switchboard import DialStatus

CallId = Annotated[str, Meta(description="Which call. Never used twice.")]
Player = Annotated[
    int, Meta(ge=1, description="The caller's slot, 1, 2, ...: the same when the same number calls again in time.")
]
Seconds = Annotated[float, Meta(description="Seconds since the call's audio began.")]
Confidence = Annotated[float, Meta(description="From 0 to 1; 0 where it is not known.")]
Reason = Annotated[
    str,
    Meta(
        description="hung_up, game_hung_up, operator_hung_up, character_hung_up, caller_silent (to a character), "
        "machine (a character has met one), character_over (a limit, of one that goes on without its game), "
        "character_failed, silent (no audio came any more), deepgram (it cannot be used), malformed, unusable (no "
        "telephone audio), failed (an error of ours) or shutdown."
    ),
]
SayId = Annotated[str, Meta(description="As the game's `say` or `play` had it, or made up by the server.")]


class _OfCall(msgspec.Struct, frozen=True, kw_only=True):
    call_id: CallId
    player: Player


class Welcome(msgspec.Struct, frozen=True, kw_only=True, tag="welcome"):
    """The first message on every connection, and the answer to a `resume` that has worked."""

    phone_number: Annotated[str, Meta(description="What the player is to call; empty where the operator has set none.")]
    code: Annotated[str, Meta(description="What the player is to say or key; the game's own while it is there.")]
    resume_token: Annotated[str, Meta(description="For `resume`. Who has it can take over the game: keep it secret.")]
    resumed: Annotated[bool, Meta(description="Whether this is the game that was there before; its events follow.")]
    away_seconds: Annotated[float, Meta(description="How long a lost game is waited for.")]


class CodeChanged(msgspec.Struct, frozen=True, kw_only=True, tag="code_changed"):
    """Show this code in the place of the one before, which another game has got meanwhile. Calls go on."""

    code: Annotated[str, Meta(description="What the player is to say or key from here on.")]


class CallStatus(_OfCall, frozen=True, kw_only=True, tag="call_status"):
    """How an outgoing call goes on until somebody is there (`call_started`); then, who has answered."""

    status: Annotated[
        DialStatus,
        Meta(
            description="First dialling, mostly ringing, then answered; or the end: busy, no_answer, failed or "
            "cancelled. When it is known who has answered: answered again (a person, or unknown), or machine."
        ),
    ]
    dial_id: Annotated[str | None, Meta(description="As the `dial` had it.")]
    answered_by: Annotated[
        str | None,
        Meta(
            description="human, fax, unknown, or a machine that records from now on: machine_end_beep, "
            "machine_end_silence, machine_end_other. Null while it is not known."
        ),
    ]
    reason: Annotated[str | None, Meta(description="For people, and for logs: why it has failed.")]


class CallStarted(_OfCall, frozen=True, kw_only=True, tag="call_started"):
    """A caller has given the code, or answered a call of ours, and is patched in."""

    direction: Literal["incoming", "outgoing"]
    caller: Annotated[str | None, Meta(description="The caller's number, masked; null where it is not known.")]


class SpeechStarted(_OfCall, frozen=True, kw_only=True, tag="speech_started"):
    """The caller begins to make sounds, which may become words."""

    at: Seconds


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """One word of a transcript, with its punctuation."""

    word: str
    start: Seconds
    end: Seconds
    confidence: Confidence


class Transcript(_OfCall, frozen=True, kw_only=True, tag="transcript"):
    """What the caller says. An interim one (`is_final` false) is replaced by the next one of the same time."""

    text: Annotated[
        str,
        Meta(description="Empty where the caller is done (`speech_final`), or the interim one before came to nothing."),
    ]
    is_final: Annotated[bool, Meta(description="Whether this text will not change any more.")]
    speech_final: Annotated[bool, Meta(description="Whether the caller has stopped speaking.")]
    confidence: Confidence
    start: Seconds
    duration: Annotated[float, Meta(description="Seconds of audio that this covers.")]
    words: list[Word]


class UtteranceEnd(_OfCall, frozen=True, kw_only=True, tag="utterance_end"):
    """The caller has said no word for a while."""

    at: Annotated[float, Meta(description="When the last word ended, in seconds since the call's audio began.")]


class Dtmf(_OfCall, frozen=True, kw_only=True, tag="dtmf"):
    """The caller has pressed a key."""

    digit: Annotated[str, Meta(description="0 to 9, * or #.")]


class SayStarted(_OfCall, frozen=True, kw_only=True, tag="say_started"):
    """The first sound of a `say` or `play` is on its way to the caller."""

    say_id: SayId


class SayFinished(msgspec.Struct, frozen=True, kw_only=True, tag="say_finished"):
    """The one receipt of a `say` or `play` for each caller that it was for, and one if there was none."""

    call_id: Annotated[str | None, Meta(description="Which call; null where there was nobody to say it to.")]
    player: Annotated[int | None, Meta(description="The caller's slot; null where there was nobody to say it to.")]
    say_id: SayId
    heard: Annotated[str, Meta(description="The text that the caller has heard, to the word; empty for a clip.")]
    seconds: Annotated[float, Meta(description="How much of it has been played.")]
    interrupted: Annotated[bool, Meta(description="Whether the caller spoke over it.")]
    dropped: Annotated[
        Dropped | None, Meta(description="Why it was not heard to its end, where the caller was not the reason.")
    ]


class RecordingStarted(_OfCall, frozen=True, kw_only=True, tag="recording_started"):
    """The caller has heard that the call is recorded, and from here on it is."""

    recording_id: Annotated[str, Meta(description="The name of the recording, where the operator keeps them.")]


class RecordingStopped(_OfCall, frozen=True, kw_only=True, tag="recording_stopped"):
    """The one end of each recording that has started."""

    recording_id: str
    reason: Annotated[
        Literal["asked", "call_ended", "failed"],
        Meta(description="`failed`: it could not be written; an `error` tells why."),
    ]


class CharacterSaid(_OfCall, frozen=True, kw_only=True, tag="character_said"):
    """What a character has said in one go, as far as the caller has heard it."""

    text: Annotated[str, Meta(description="To the word.")]
    cut_off: Annotated[bool, Meta(description="Whether the caller spoke over it, or it was stopped.")]


class ActionAsked(_OfCall, frozen=True, kw_only=True, tag="action"):
    """A character wants something done. Answer with `action_result`, in the time that the action allows."""

    action_id: str
    name: str
    arguments: Annotated[dict[str, Any], Meta(description="As the action's `parameters` want them.")]


class CharacterEnded(_OfCall, frozen=True, kw_only=True, tag="character_ended"):
    """The character is not on the phone any more: the game has the caller for itself, unless the call ends."""

    reason: Annotated[
        str,
        Meta(
            description="stopped, replaced, hung_up, caller_silent, machine (one has answered), failed, or a limit of "
            "the server's: limit_turns, limit_tokens, limit_minutes, limit_characters; of the day, limit_day_turns and "
            "so on. There may be others."
        ),
    ]


class CallEnding(_OfCall, frozen=True, kw_only=True, tag="call_ending"):
    """The caller has gone, or is being sent away: nothing reaches the call any more, but last words may still come."""

    reason: Reason


class CallEnded(_OfCall, frozen=True, kw_only=True, tag="call_ended"):
    """The last message of a call: everything that was said in it has come."""

    reason: Reason
    seconds: Annotated[float, Meta(description="How long the call was.")]


class ServerStopping(msgspec.Struct, frozen=True, kw_only=True, tag="server_stopping"):
    """No caller can join any more. When no call is left, the connection is closed with 1012: connect again."""

    seconds: Annotated[float, Meta(description="How long calls may go on at the most.")]


class Error(msgspec.Struct, frozen=True, kw_only=True, tag="error", omit_defaults=True):
    """Something that the game asked for could not be done. All goes on, unless the connection is closed behind it."""

    code: Annotated[
        str,
        Meta(
            description="For programs: malformed, bad_clip, no_code_free, resume_failed, say_id_in_use, "
            "voice_failed, queue_full, vocabulary_refused, no_such_call, dial_refused, bad_character (a line for each "
            "fault in it), character_refused (this server cannot play it), character_failed (it goes on after one, "
            "unless `character_ended` comes), no_such_action, recording_refused or recording_failed. There may be "
            "others."
        ),
    ]
    message: Annotated[str, Meta(description="For people: what was wrong, and what is expected.")]
    in_reply_to: Annotated[str | None, Meta(description="The type of the game's message.")] = None
    field: Annotated[str | None, Meta(description="What was wrong in it, such as `words[3]`.")] = None
    say_id: str | None = None
    call_id: str | None = None
    player: int | None = None
    dial_id: str | None = None
    rule: Annotated[
        str | None,
        Meta(
            description="What stands against a `dial`: number, premium, dial_allow, no_room, dial_per_minute, "
            "dial_per_game, dial_per_number, dial_at_once, unreachable, no_carrier, full or closing. There may be "
            "others."
        ),
    ] = None


class Pong(msgspec.Struct, frozen=True, kw_only=True, tag="pong"):
    """The answer to a `ping`."""

    id: Annotated[str | int | float | None, Meta(description="As the `ping` had it; null where it had none.")]


Unnumbered = Welcome | Pong
"""Belong to a connection, not to the game: they have no `seq`."""
Numbered = (
    CodeChanged
    | CallStatus
    | CallStarted
    | SpeechStarted
    | Transcript
    | UtteranceEnd
    | Dtmf
    | SayStarted
    | SayFinished
    | RecordingStarted
    | RecordingStopped
    | CharacterSaid
    | ActionAsked
    | CharacterEnded
    | CallEnding
    | CallEnded
    | ServerStopping
    | Error
)
ServerMessage = Unnumbered | Numbered

_encoder = msgspec.json.Encoder()
# how each message begins, up to where its number goes
_HEADS: dict[type, str] = {kind: f'{{"type":"{kind.__struct_config__.tag}"' for kind in get_args(Numbered)}


def encode(message: ServerMessage, seq: int | None) -> str:
    """One message as it goes to the game. `seq` is None for `Welcome` and `Pong`, and for them alone."""
    text = _encoder.encode(message).decode()
    if seq is None:
        return text
    head = _HEADS[type(message)]
    return f'{head},"seq":{seq}{text[len(head) :]}'
