"""The characters of one game: who answers its callers, now and later, and what they have asked the game to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeGuard, assert_never

import msgspec

from phonegame import switchboard
from phonegame.characters.brain import BrainError
from phonegame.characters.files import CharacterFileError
from phonegame.characters.persona import Persona
from phonegame.switchboard import ALL, FromCall, PlayCharacter, Seat, StopCharacter
from phonegame.wire import v1

MAX_ASKED = 1000
"""Actions whose results may still come. The oldest ones have had their time."""
MAX_DIALLED = 64
"""Phones that ring. Of a call that is refused later on, nothing is heard."""
_NO_ANSWER = frozenset({"busy", "no_answer", "failed", "cancelled"})

UseFile = Callable[[str], Awaitable[Persona | None]]
"""`CharacterFiles.use`."""
FindBrain = Callable[[Persona], object]
"""Raises `BrainError` where there is none for it."""
Casting = v1.Character | v1.Dial


def names_file(message: object) -> TypeGuard[Casting]:
    """One of the server's own: `looked_up` puts what is in it into the name's place."""
    return isinstance(message, Casting) and isinstance(message.character, str)


async def looked_up(message: Casting, use: UseFile) -> Casting | v1.Malformed:
    assert isinstance(message.character, str)
    try:
        persona = await use(message.character)
    except CharacterFileError as error:
        return v1.bad_character(message, f"cannot be used: {error}")
    if persona is None:
        return v1.bad_character(message, f"{message.character!r} is not in the server's folder PHONEGAME_CHARACTERS")
    return msgspec.structs.replace(message, character=persona, file=message.character)


def cast(message: Casting, find_brain: FindBrain) -> Casting | v1.Malformed:
    """Refuses what nobody can play at all, now or later."""
    if isinstance(message.character, Persona):
        try:
            find_brain(message.character)
        except BrainError as error:
            return v1.character_refused(message, str(error))
    return message


def no_such_call(kind: str, there: int) -> v1.Error:
    what = f"no call is there of those that it was for; there are {there}"
    return v1.Error(code="no_such_call", message=what, in_reply_to=kind)


class Characters:
    """Let every event of the game's calls through `follow`, then have those that have begun `greet`ed."""

    def __init__(self, seat: Seat, post: Callable[[v1.Numbered], None]) -> None:
        self._seat = seat
        self._post = post
        self._for_all: PlayCharacter | None = None
        """For later callers, too."""
        self._dialled: dict[str, PlayCharacter] = {}
        """By the id of a call that has not been answered."""
        self._asked: dict[tuple[str, str], None] = {}
        """(action_id, call_id), the oldest first."""

    # what happens in the calls

    def await_answer(self, call_id: str, message: v1.Dial) -> None:
        """A phone is going to ring; the message's character talks to whoever answers."""
        play = _playing(message)
        if play is not None:
            self._dialled[call_id] = play
            while len(self._dialled) > MAX_DIALLED:
                del self._dialled[next(iter(self._dialled))]

    def follow(self, event: FromCall) -> None:
        match event.event:
            case switchboard.CharacterAsks(action_id=action_id):
                self._asked[action_id, event.call_id] = None
                while len(self._asked) > MAX_ASKED:
                    del self._asked[next(iter(self._asked))]
            case switchboard.CallStatus(status=status) if status in _NO_ANSWER:
                self._dialled.pop(event.call_id, None)
            case switchboard.CallEnded():
                self._dialled.pop(event.call_id, None)
                for key in [key for key in self._asked if key[1] == event.call_id]:
                    del self._asked[key]
            case _:
                pass

    def greet(self, call_id: str) -> None:
        """A call has begun."""
        play = self._dialled.pop(call_id, self._for_all)
        if play is not None:
            self._seat.command_nowait(play, [call_id])

    # what the game wants

    def obey(self, message: v1.Character | v1.CharacterStop | v1.ActionResult) -> None:
        match message:
            case v1.Character():
                self._play(message)
            case v1.CharacterStop():
                if message.to == ALL:
                    self._for_all = None
                self._command("character_stop", StopCharacter(), message)
            case v1.ActionResult():
                self._hand_on(message)
            case _:
                assert_never(message)

    def _play(self, message: v1.Character) -> None:
        play = _playing(message)
        assert play is not None
        if message.to == ALL:
            self._for_all = play
        self._command("character", play, message)

    def _command(self, kind: str, command: switchboard.Command, message: v1.Character | v1.CharacterStop) -> None:
        if not self._seat.command_nowait(command, message.to) and message.to != ALL:
            self._post(no_such_call(kind, len(self._seat.calls)))

    def _hand_on(self, message: v1.ActionResult) -> None:
        action_id = message.action_id
        call_ids = [call_id for asked, call_id in self._asked if asked == action_id]
        if message.call_id is not None:
            call_ids = [call_id for call_id in call_ids if call_id == message.call_id]
        if len(call_ids) != 1:
            self._refuse(message, "several calls wait for it; give call_id" if call_ids else "no action waits for it")
            return
        del self._asked[action_id, call_ids[0]]
        result = switchboard.ActionResult(action_id, _told(message), message.failed)
        if not self._seat.command_nowait(result, call_ids):
            self._refuse(message, "its call is over")

    def _refuse(self, message: v1.ActionResult, why: str) -> None:
        what = f"action_id: {message.action_id!r}: {why}"
        error = v1.Error(
            code="no_such_action",
            message=what,
            in_reply_to="action_result",
            field="action_id",
            call_id=message.call_id,
        )
        self._post(error)


def _playing(message: v1.Character | v1.Dial) -> PlayCharacter | None:
    if message.character is None:
        return None
    assert isinstance(message.character, Persona), "a name is looked up before"
    return PlayCharacter(message.character, is_servers_own=bool(message.file), file=message.file, words=message.words)


def _told(message: v1.ActionResult) -> str:
    """As JSON: a script tells numbers from words."""
    if message.result is None:
        return "failed" if message.failed else "done"
    return msgspec.json.encode(message.result).decode()
