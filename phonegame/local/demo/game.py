"""The demo's game: has a character take orders by phone, and rings up who has ordered, in phonegame.v1."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from phonegame.local.demo.conversation import Conversation, Reply
from phonegame.local.demo.script import Deed
from phonegame.local.text_game import Closed
from phonegame.local.v1_client import Numbered, V1Client
from phonegame.wire import v1

WELCOME_SECONDS = 10.0
HUNG_UP_SECONDS = 10.0
"""From the caller's hanging up to the game's `call_ended`, behind the last words."""


class GameFailed(Exception):
    """The server has closed the demo's game, or could not do what it asked for."""


async def receive_welcome(client: V1Client) -> v1.Welcome:
    """The phone number and the code that the game is to show. Raises GameFailed."""
    with trio.move_on_after(WELCOME_SECONDS):
        match await client.receive():
            case Numbered(message=v1.Welcome() as welcome):
                return welcome
            case Closed() as closed:
                raise GameFailed(closed.explain())
    raise GameFailed("The server did not welcome the game.")


async def wait_until_hung_up(client: V1Client) -> None:
    """Until the call that there is has ended. Raises GameFailed."""
    with trio.move_on_after(HUNG_UP_SECONDS):
        while True:
            match await client.receive():
                case Numbered(message=v1.CallEnded()):
                    return
                case Closed() as closed:
                    raise GameFailed(closed.explain())
    raise GameFailed("The server did not tell the game that the caller has hung up.")


def _by(answered_by: str | None) -> str:
    match answered_by:
        case None:
            return ""
        case "human":
            return "by a human"
        case _:
            return f"by: {answered_by}"


class PizzaGame:
    """Sends whoever joins to its character, and does what that asks for. Without one, it greets whoever answers the
    phone, and answers what it expects to hear. `run` is its only task.
    """

    def __init__(self, client: V1Client, conversation: Conversation, check: Callable[[Reply], Awaitable[None]]) -> None:
        self._client = client
        self._conversation = conversation
        self._script = conversation.script
        self._check = check
        self._to_do = list(self._script.deeds)

    async def run(self) -> None:
        """Until cancelled. Beside it `check` looks into each reply that is over. Raises GameFailed, in a group."""
        async with trio.open_nursery() as nursery:
            while True:
                match await self._client.receive():
                    case Numbered(message=v1.SayFinished() as receipt):
                        nursery.start_soon(self._check, self._conversation.reply_finished(receipt))
                    case Numbered(message=v1.CharacterSaid() as said):
                        nursery.start_soon(self._check, self._conversation.character_said(said))
                    case Numbered(message=message):
                        await self._take(message)
                    case Closed() as closed:
                        raise GameFailed(closed.explain())

    async def _take(self, message: v1.ServerMessage) -> None:
        match message:
            case v1.CallStatus():
                self._follow(message)
                await trio.lowlevel.checkpoint()
            case v1.CallStarted(direction=direction, call_id=call_id):
                if direction == "incoming":
                    self._conversation.connected()
                await self._greet(call_id)
            case v1.Transcript(is_final=True, text=text) if text:
                lines = self._conversation.received(text)
                if self._script.character is None:
                    for line in lines:
                        await self._answer(line.said)
                await trio.lowlevel.checkpoint()
            case v1.ActionAsked():
                await self._do(message)
            case v1.CallEnded(reason=reason):
                self._conversation.ended(reason.replace("_", " "))
                await trio.lowlevel.checkpoint()
            case v1.Error(message=what):
                raise GameFailed(f"The server could not do what the game asked for: {what}")
            case _:
                await trio.lowlevel.checkpoint()

    def _follow(self, message: v1.CallStatus) -> None:
        match message.status:
            case "dialling" | "ringing" | "answered" as step:
                self._conversation.told(step, _by(message.answered_by))
            case status:
                self._conversation.ended(f"{status}, {message.reason}" if message.reason else status)

    async def _greet(self, call_id: str) -> None:
        if self._script.character is None:
            await self._say(self._script.greeting)
            return
        file = await trio.Path(self._script.character).read_text(encoding="utf-8")
        self._conversation.character_turn()
        await self._client.character(call_id, script=file)

    async def _do(self, asked: v1.ActionAsked) -> None:
        """What the script foresees has its result; anything else is refused."""
        done = next(
            (deed for deed in self._to_do if (deed.name, deed.arguments) == (asked.name, asked.arguments)), None
        )
        if done is not None:
            self._to_do.remove(done)
        result = None if done is None else done.result
        self._conversation.did(Deed(asked.name, asked.arguments, result))
        await self._client.action_result(asked.action_id, result, failed=done is None, call_id=asked.call_id)

    async def _answer(self, said: str) -> None:
        await self._say(self._script.answers[said])
        if self._script.hangs_up and said == self._script.turns[-1].said:
            await self._client.hangup()

    async def _say(self, text: str) -> None:
        reply = self._conversation.reply(text)
        await self._client.say(text, say_id=reply.say_id)
