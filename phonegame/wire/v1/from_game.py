"""What a game tells the server. The docstrings are the protocol's documentation: the catalogue hands them on."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from phonegame.characters.inline import InlineCharacter
from phonegame.characters.persona import Persona
from phonegame.speak.saying import Priority, Saying
from phonegame.switchboard import ALL, MAX_CALLERS, To

MAX_MESSAGE_LENGTH = 4 * 1024 * 1024
"""Characters: 3 MiB of audio in base64, which is a minute at 22050 Hz in 16 bits, or half a minute at 44100."""
MAX_TEXT_LENGTH = 4000
"""Characters: some four minutes of speech, and no engine's queue is filled by one message."""
MAX_ID_LENGTH = 64
"""Characters: a UUID has 36, Twilio's ids have 34."""
MAX_VOICE_LENGTH = 100
"""Characters: the longest name of a voice in any catalogue has about 40."""
MAX_TOKEN_LENGTH = 200
MAX_START_WITHIN = 600
"""Seconds. Who would wait longer means "whenever"."""
MAX_NUMBER_LENGTH = 40
"""Characters: 15 digits, and whatever people write between them."""
MAX_WORDS = 100
"""Deepgram takes 100 keyterms, and recommends 20 to 50 (Deepgram, "Keyterm Prompting")."""
MAX_WORD_LENGTH = 100
"""Characters: Deepgram counts 500 tokens over all keyterms, and a token is about four."""
MAX_WHOLE = 2**53 - 1
"""The largest whole number that JavaScript and Godot, where all numbers are floats, can count to."""

Id = Annotated[str, Meta(min_length=1, max_length=MAX_ID_LENGTH)]
Slot = Annotated[int, Meta(ge=1, le=MAX_CALLERS)]


OneCall = Annotated[Id | None, Meta(description="The one call that is meant. Neither this nor `players`: all callers.")]
Players = Annotated[
    Annotated[tuple[Slot, ...], Meta(max_length=MAX_CALLERS)] | None,
    Meta(description="The slots of the callers that are meant."),
]


class _ToCallers(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    call_id: OneCall = None
    players: Players = None

    @property
    def to(self) -> To:
        """Whom it is for, in the switchboard's words."""
        if self.call_id is not None:
            return (self.call_id,)
        return ALL if self.players is None else tuple(dict.fromkeys(self.players))


class _Sayable(_ToCallers, frozen=True, kw_only=True, omit_defaults=True):
    say_id: Annotated[
        Id | None, Meta(description="Comes back in the receipts. The server makes one up where there is none.")
    ] = None
    priority: Annotated[
        Priority,
        Meta(
            description="`queue`: behind what waits; `next`: before it; `now`: at once, cutting off what is being said."
        ),
    ] = Priority.QUEUE
    interruptible: Annotated[bool, Meta(description="Whether it stops when the caller begins to speak.")] = True
    start_within: Annotated[
        Annotated[float, Meta(ge=0, le=MAX_START_WITHIN)] | None,
        Meta(description="Seconds: dropped (`expired`) where it cannot start by then."),
    ] = None
    after_tone: Annotated[
        bool,
        Meta(
            description="For an answering machine: waits until it records, and `start_within` counts from there. "
            "Dropped (`no_machine`) where a person has answered, or has called."
        ),
    ] = False


class Say(_Sayable, frozen=True, kw_only=True, omit_defaults=True, tag="say"):
    """Speaks a text to one caller, several, or all. Gets its `say_finished`, unless its `say_id` is still in use."""

    text: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT_LENGTH)]
    voice: Annotated[
        Annotated[str, Meta(min_length=1, max_length=MAX_VOICE_LENGTH)] | None,
        Meta(description="Name of a voice, such as `espeak:en-gb` or `aura-2-thalia-en`. Otherwise the server's own."),
    ] = None

    def saying(self, say_id: str) -> Saying:
        """For one caller. `say_id` is the game's, or the one that was made up."""
        return Saying(
            say_id=say_id,
            text=self.text,
            voice=self.voice,
            priority=self.priority,
            interruptible=self.interruptible,
            start_within=self.start_within,
        )


class PlayMessage(_Sayable, frozen=True, kw_only=True, omit_defaults=True, tag="play"):
    """Plays a clip of at most 60 s to one caller, several, or all. Receipts as for `say`."""

    audio: Annotated[
        str,
        Meta(
            min_length=1,
            description="Base64 of a WAV (any rate, PCM of 8 to 32 bits, float, mu-law; mono, stereo), or of mu-law.",
        ),
    ]
    format: Annotated[
        Literal["wav", "mulaw"], Meta(description="`mulaw`: raw mu-law, 8000 samples a second, one channel.")
    ] = "wav"


class Play(_Sayable, frozen=True, kw_only=True):
    """A `PlayMessage` whose clip has been made ready for the telephone."""

    clip: bytes
    """mu-law at 8000 samples a second."""

    def saying(self, say_id: str) -> Saying:
        """For one caller. `say_id` is the game's, or the one that was made up."""
        return Saying(
            say_id=say_id,
            audio=self.clip,
            priority=self.priority,
            interruptible=self.interruptible,
            start_within=self.start_within,
        )


class Clear(_ToCallers, frozen=True, kw_only=True, omit_defaults=True, tag="clear"):
    """Stops what is being said, and forgets what waits to be said."""


class HangUp(_ToCallers, frozen=True, kw_only=True, omit_defaults=True, tag="hangup"):
    """Ends a call, when everything has been said that waits."""

    at_once: Annotated[bool, Meta(description="Ends it without waiting for that.")] = False


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True, tag="vocabulary"):
    """Words and phrases that callers are likely to say. Replaces the ones before; applies to later calls too."""

    words: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=MAX_WORD_LENGTH)], ...],
        Meta(max_length=MAX_WORDS, description="Empty: none any more."),
    ]


class Accept(msgspec.Struct, frozen=True, kw_only=True, tag="accept"):
    """How many callers the game takes at once: 1 unless it says so. Who is there stays."""

    callers: Annotated[int, Meta(ge=1, le=MAX_CALLERS)]


CharacterName = Annotated[str, Meta(min_length=1, max_length=MAX_ID_LENGTH)]


class CharacterMessage(InlineCharacter, frozen=True, kw_only=True, omit_defaults=True, tag="character"):
    """A character answers the callers, in the place of the one before: those who are there and later ones, until
    `character_stop`; with `call_id` or `players`, only those. Needs `use`, or `name` and `persona`, or `script`."""

    use: Annotated[
        CharacterName | None,
        Meta(description="Name of a character file of the server (PHONEGAME_CHARACTERS), in the place of all else."),
    ] = None
    call_id: OneCall = None
    players: Players = None


class Character(_ToCallers, frozen=True, kw_only=True):
    """A `CharacterMessage` that is in order."""

    character: Persona | str
    """Or the name of a character file of the server."""
    file: str = ""
    """Of which it has come; empty where it is the game's own."""
    words: tuple[str, ...] = ()
    """That the message itself names, as the character's `vocabulary`."""


class CharacterStop(_ToCallers, frozen=True, kw_only=True, omit_defaults=True, tag="character_stop"):
    """The character says no further word, and the callers are the game's again. To all callers: for later ones, too."""


class ActionResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="action_result"):
    """What has become of an `action`, in the time that it allows: then the character goes on."""

    action_id: Annotated[Id, Meta(description="From the `action`.")]
    result: Annotated[Any, Meta(description="Any JSON, which the character is told. None: that it is done.")] = None
    failed: Annotated[bool, Meta(description="It could not be done; `result` may say why.")] = False
    call_id: Annotated[
        Id | None, Meta(description="From the `action`; needed only where several calls have this action_id.")
    ] = None


class _Dial(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What both forms of it have."""

    to: Annotated[
        str,
        Meta(min_length=1, max_length=MAX_NUMBER_LENGTH, description="With its country, such as +12025550123 (E.164)."),
    ]
    dial_id: Annotated[
        Id | None,
        Meta(
            description="Comes back in each `call_status`, and in the `error`. `call_status` has the `call_id` too, "
            "with which `hangup` stops the ringing, and which the call keeps when it is answered (`call_started`)."
        ),
    ] = None


class DialMessage(_Dial, frozen=True, kw_only=True, omit_defaults=True, tag="dial"):
    """Rings somebody up, in one of the slots that `accept` gives. Answered by `call_status`, or by an `error`."""

    character: Annotated[
        InlineCharacter | CharacterName | None,
        Meta(
            description="Who talks to whoever answers: as `character`, or the name of a file of the server. Leaves its "
            "`message` on an answering machine. Otherwise the one that later callers get, if any."
        ),
    ] = None


class Dial(_Dial, frozen=True, kw_only=True):
    """A `DialMessage` that is in order."""

    character: Persona | str | None = None
    file: str = ""
    words: tuple[str, ...] = ()


class Record(_ToCallers, frozen=True, kw_only=True, omit_defaults=True, tag="record"):
    """Records a call, once the caller has been told so: `recording_started`, or an `error`, comes then."""

    on: Annotated[bool, Meta(description="False: no more.")] = True


class Resume(msgspec.Struct, frozen=True, kw_only=True, tag="resume"):
    """Takes a game back whose connection was lost: its code, its calls, and every message that was missed."""

    resume_token: Annotated[str, Meta(min_length=1, max_length=MAX_TOKEN_LENGTH, description="From `welcome`.")]
    last_seq: Annotated[
        int, Meta(ge=0, le=MAX_WHOLE, description="The `seq` of the last message that was received; 0 for none.")
    ]


class Ping(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="ping"):
    """Is answered by `pong`."""

    id: Annotated[
        Id
        | Annotated[int, Meta(ge=-MAX_WHOLE, le=MAX_WHOLE)]
        | Annotated[float, Meta(ge=-MAX_WHOLE, le=MAX_WHOLE)]
        | None,
        Meta(description="A string or a number; comes back in `pong`."),
    ] = None


_AsTheyAre = Say | Clear | HangUp | Vocabulary | Accept | Record | CharacterStop | ActionResult | Resume | Ping
OnTheWire = (
    Say
    | PlayMessage
    | Clear
    | HangUp
    | Vocabulary
    | Accept
    | DialMessage
    | Record
    | CharacterMessage
    | CharacterStop
    | ActionResult
    | Resume
    | Ping
)
GameMessage = _AsTheyAre | Play | Dial | Character
