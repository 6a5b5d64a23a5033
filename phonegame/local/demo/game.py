"""The demo's game: takes orders by phone, in phonegame.v1."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from phonegame.local.demo.conversation import Conversation, Reply
from phonegame.local.demo.script import ANSWERS, GREETING
from phonegame.local.text_game import Closed
from phonegame.local.v1_client import Numbered, V1Client
from phonegame.wire import v1

WELCOME_SECONDS = 10.0


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


class PizzaGame:
    """Greets whoever joins, and answers what it expects to hear. `run` is its only task."""

    def __init__(self, client: V1Client, conversation: Conversation, check: Callable[[Reply], Awaitable[None]]) -> None:
        self._client = client
        self._conversation = conversation
        self._check = check

    async def run(self) -> None:
        """Until cancelled. Beside it `check` looks into each reply that is over. Raises GameFailed, in a group."""
        async with trio.open_nursery() as nursery:
            while True:
                match await self._client.receive():
                    case Numbered(message=v1.SayFinished() as receipt):
                        nursery.start_soon(self._check, self._conversation.reply_finished(receipt))
                    case Numbered(message=message):
                        await self._take(message)
                    case Closed() as closed:
                        raise GameFailed(closed.explain())

    async def _take(self, message: v1.ServerMessage) -> None:
        match message:
            case v1.CallStarted():
                self._conversation.connected()
                await self._say(GREETING)
            case v1.Transcript(is_final=True, text=text) if text:
                for line in self._conversation.received(text):
                    await self._say(ANSWERS[line.said])
            case v1.SayStarted(say_id=say_id):
                self._conversation.reply_started(say_id)
            case v1.Error(message=what):
                raise GameFailed(f"The server could not do what the game asked for: {what}")
            case _:
                await trio.lowlevel.checkpoint()

    async def _say(self, text: str) -> None:
        reply = self._conversation.reply(text)
        await self._client.say(text, say_id=reply.say_id)
