"""The switchboard: knows which code belongs to which game, and patches calls to games.

Both ends see the same picture: what comes from the other end is handed to a function of theirs, which neither waits nor
raises; what goes to the other end is handed over without waiting. Such a function runs in a task of the other end's,
and may be called while its own end is handing something over: a call that refuses a saying says so before
`command_nowait` returns, and a game that is full closes its seat, which tells the call, before `deliver_nowait` does.

    game's end                                              call's end
    async with switchboard.open_seat(take_event) as seat:   line = await switchboard.join(code, caller, take_command)
        seat.code                                           line.deliver_nowait(CallHeard(...))
        seat.command_nowait(Say(...), ALL)                  line.release_nowait(); ...; line.close_nowait(...)
        seat.accept_nowait(4)

A game has as many callers at once as it accepts. Each has a slot, 1, 2, ..., the lowest that is free; who calls again
with the same number within `SLOT_SECONDS` gets the same slot, unless somebody else had to be given it.

An outgoing call has its slot while the phone rings: `reserve` gives one, which becomes a line when somebody answers.

A line is released when the caller hangs up: another caller may be patched in at once. It stays open for Deepgram's last
results until it is closed. Where the game takes calls only one after the other (the text protocol, which cannot tell
them apart), the next line begins when the one before is closed, or closes it after half a second.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from enum import Enum
from typing import Any, Literal, Protocol

import msgspec

from phonegame.characters.persona import Persona
from phonegame.listen.transcript import Heard
from phonegame.speak.saying import Receipt, Saying

MAX_CALLERS = 16
SLOT_SECONDS = 120
"""How long a slot is kept for a caller who has gone."""


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls, as far as a game may know. No number in here, only what is left of it."""

    call_id: str
    known_as: str | None = None
    """A hash of the number: the same for each call from it. None where the number is not known."""
    shown: str | None = None
    """The number, masked."""
    direction: Literal["incoming", "outgoing"] = "incoming"


# --- from a call to its game


DialStatus = Literal["dialling", "ringing", "answered", "machine", "busy", "no_answer", "failed", "cancelled"]


class CallStatus(msgspec.Struct, frozen=True, tag=True):
    """How an outgoing call goes on. Alone of all events it comes before `CallStarted`, and where that never comes."""

    status: DialStatus
    dial_id: str | None = None
    """As the game's `dial` had it."""
    answered_by: str | None = None
    """In Twilio's words: human, machine_end_beep, machine_end_silence, machine_end_other, fax, unknown."""
    reason: str | None = None
    """In words, where the call has failed."""


class CallStarted(msgspec.Struct, frozen=True, tag=True):
    """The first event of a call that somebody is on."""

    caller: Caller


class CallHeard(msgspec.Struct, frozen=True, tag=True):
    """Deepgram has sent something about what the caller says."""

    heard: Heard


class CallKeyed(msgspec.Struct, frozen=True, tag=True):
    """The caller has pressed a key: a digit, `*` or `#`."""

    digit: str


class SayStarted(msgspec.Struct, frozen=True, tag=True):
    """The first sound of a saying is on its way to the caller."""

    say_id: str


class SayFinished(msgspec.Struct, frozen=True, tag=True):
    """The one and only receipt of a saying."""

    say_id: str
    receipt: Receipt


class CallProblem(msgspec.Struct, frozen=True, tag=True):
    """Something that the game asked of a call could not be done; the call goes on. `code` is for programs."""

    code: str
    message: str


class CharacterSaid(msgspec.Struct, frozen=True, tag=True):
    """A character has said something, as far as the caller has heard it, to the word."""

    text: str
    cut_off: bool
    """The caller spoke over it, or it was stopped."""


class CharacterAsks(msgspec.Struct, frozen=True, tag=True):
    """A character wants something done in the game's world. Answered by `ActionResult`, in the time that it allows."""

    action_id: str
    name: str
    arguments: dict[str, Any]
    """As the action's schema wants them."""


class CharacterEnded(msgspec.Struct, frozen=True, tag=True):
    """The character is not on the phone any more; the game has the caller for itself, unless the call ends."""

    reason: str
    """stopped, replaced, hung_up, caller_silent, failed, or a limit: limit_turns, limit_tokens, limit_minutes,
    limit_characters, limit_day_turns, limit_day_tokens, limit_day_minutes, limit_day_characters."""


class RecordingStarted(msgspec.Struct, frozen=True, tag=True):
    """The caller has been told that the call is recorded, and from here on it is."""

    recording_id: str


class RecordingStopped(msgspec.Struct, frozen=True, tag=True):
    """The one end of each recording that has started."""

    recording_id: str
    reason: Literal["asked", "call_ended", "failed"]


class CallEnding(msgspec.Struct, frozen=True, tag=True):
    """The caller has gone, or is being sent away: commands reach the call no more. Last words may still come."""

    reason: str


class CallEnded(msgspec.Struct, frozen=True, tag=True):
    """The last event of a call: everything that was said in it has been delivered."""

    reason: str
    seconds: float


CallNews = (
    CallStatus
    | CallKeyed
    | SayStarted
    | SayFinished
    | CharacterSaid
    | CharacterAsks
    | CharacterEnded
    | CallProblem
    | RecordingStarted
    | RecordingStopped
    | CallEnding
)
"""What happens in a call that has begun, but for what the caller says."""
CallEvent = CallStarted | CallHeard | CallNews | CallEnded


class FromCall(msgspec.Struct, frozen=True):
    """An event of one of the game's calls."""

    call_id: str
    player: int
    """The caller's slot."""
    event: CallEvent


# --- from a game to its calls


class Say(msgspec.Struct, frozen=True, tag=True):
    saying: Saying
    after_tone: bool = False
    """To be said to an answering machine, when it records; otherwise dropped."""


class Clear(msgspec.Struct, frozen=True, tag=True):
    """Forget what is being said and what waits to be said."""


class HangUp(msgspec.Struct, frozen=True, tag=True):
    """End the call: when what is being said and what waits has been said, or at once. Reaches phones that ring, too."""

    at_once: bool = False


class Expect(msgspec.Struct, frozen=True, tag=True):
    """Words and phrases that the caller is likely to say. Replaces the ones before."""

    words: tuple[str, ...]


class PlayCharacter(msgspec.Struct, frozen=True, tag=True):
    """From here on a character answers the caller, in the place of the one before."""

    persona: Persona
    is_servers_own: bool = False
    """It comes from the server's files: the call goes on with it when the game has left."""
    file: str = ""
    """Its name among those in the folder, which the call's worker reads again when it changes."""
    words: tuple[str, ...] = ()
    """Of its vocabulary those that the game has named, and is told of where there is no room for them."""
    game: str = ""
    """Whose memory of the caller it has: the seat says so, see `open_seat`."""


class StopCharacter(msgspec.Struct, frozen=True, tag=True):
    """The character says no further word."""


class ActionResult(msgspec.Struct, frozen=True, tag=True):
    """What has become of something that the character wanted done."""

    action_id: str
    result: str
    """JSON, or plain words."""
    failed: bool = False


class Record(msgspec.Struct, frozen=True, tag=True):
    """Record the call, once the caller has been told, or do not any more."""

    on: bool = True


class GameAway(msgspec.Struct, frozen=True, tag=True):
    """The game has lost its connection and may come back."""


class GameBack(msgspec.Struct, frozen=True, tag=True):
    """The game is there again."""


class GameLeft(msgspec.Struct, frozen=True, tag=True):
    """The game has left for good. The last command."""


Command = (
    Say
    | Clear
    | HangUp
    | Expect
    | PlayCharacter
    | StopCharacter
    | ActionResult
    | Record
    | GameAway
    | GameBack
    | GameLeft
)

ALL: Literal["all"] = "all"
To = Literal["all"] | Sequence[str | int]
"""Whom a command is for: all callers, or those with these call ids and player slots."""


def is_meant(to: To, call_id: str, player: int) -> bool:
    return to == ALL or call_id in to or player in to


class Refused(Enum):
    """Why a call was not patched through."""

    UNKNOWN = "no game shows this code"
    BUSY = "the game has another caller"
    AWAY = "the server that has the game cannot be reached"


class SeatClosed(Enum):
    """Why a game has no seat any more."""

    LEFT = "the game left"
    AWAY_TOO_LONG = "the game did not come back in time"
    TOO_SLOW = "the game does not read what it is sent"
    TOO_LONG = "a message was longer than 16384 characters"
    SHUTDOWN = "the server is going down"
    RESTART = "the server restarts; connect again"
    CODE_LOST = "the code belongs to another game meanwhile"


class NoCodeFree(Exception):
    """Every code is in use, or nobody can tell at present."""


class Seat(Protocol):
    """The game's end."""

    code: str
    """Changes where it was lost, see `open_seat`."""
    closed: SeatClosed | None

    @property
    def calls(self) -> Sequence[tuple[str, int]]:
        """Call id and player slot of each call that commands reach, by slot."""

    def command_nowait(self, command: Command, to: To = ALL) -> list[str]:
        """Gives the ids of the calls that the command has reached. Who is not there is left out."""

    def accept_nowait(self, callers: int) -> None:
        """How many callers the game takes at once, 1 to `MAX_CALLERS`; 1 at first. Who is there stays."""

    def close_nowait(self, why: SeatClosed) -> None:
        """Gives the code back and lets go of the callers at once, who get `GameLeft`. No event comes any more."""


class Line(Protocol):
    """The call's end."""

    player: int

    def deliver_nowait(self, event: CallEvent) -> None:
        """Hands an event over; `CallStarted` and `CallEnded` come from the line itself."""

    def release_nowait(self) -> None:
        """The caller has gone: the slot is free, commands come no more. May be called again."""

    def close_nowait(self, reason: str, seconds: float) -> None:
        """Nothing more will be delivered: `CallEnded` goes out. Releases as well; may be called again."""


class Reserved(Protocol):
    """A slot for somebody who is being rung up. Whoever has it begins it, or gives it back; both do no harm later."""

    player: int

    def deliver_nowait(self, event: CallEvent) -> None:
        """Before the line begins, and after. Once it is given back, or closed, nothing reaches the game."""

    async def begin(self, take: Callable[[Command], None]) -> Line:
        """The phone was answered. `take` gets commands from before this returns; whoever gets the line closes it."""

    def give_back_nowait(self) -> None:
        """Nobody will come. A line that has begun is not affected."""


class Switchboard(Protocol):
    @property
    def active(self) -> Collection[str]:
        """The codes that games show at present."""

    def open_seat(
        self,
        take: Callable[[FromCall], None],
        *,
        one_after_the_other: bool = False,
        game: str = "",
        code_lost: Callable[[str | None], None] | None = None,
    ) -> AbstractAsyncContextManager[Seat]:
        """A game comes in and is given a code, which it loses on leaving the block. Raises `NoCodeFree`.

        `take` gets the events of all its calls, in order; it may close the seat. `one_after_the_other`: no event of a
        call comes after the `CallStarted` of the next one. `game`: what its characters' memories are known by.
        `code_lost` is told, in a task of the switchboard's, that another game has got the code meanwhile: which one the
        seat has now, or None where it has none any more, and is closed.
        """

    async def join(self, code: str, caller: Caller, take: Callable[[Command], None]) -> Line | Refused:
        """Patches a call through. Whoever gets a line closes it. `take` gets commands from before `join` returns."""

    async def reserve(self, code: str, caller: Caller, take: Callable[[Command], None]) -> Reserved | Refused:
        """A slot for a caller who is yet to be reached. Until it begins, `take` gets `HangUp` and `GameLeft` only."""
