"""A connection to `/game` that speaks phonegame.v1: for the demo and the tests. It keeps nothing and checks nothing."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from phonegame.characters.inline import InlineCharacter
from phonegame.local.game_socket import GameSocket, open_game_socket
from phonegame.local.text_game import Closed
from phonegame.speak.saying import Priority
from phonegame.wire import v1
from phonegame.wire.v1.from_game import OnTheWire, PlayMessage

ToWhom = str | int | Sequence[int] | None
"""A call's id, a caller's slot, several slots; None: all callers."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A message as it came. `seq` is None for those that have none; `resume` wants the last one that there was."""

    seq: int | None
    message: v1.ServerMessage


@dataclass(frozen=True, slots=True)
class Unread:
    """A message that is none of the protocol."""

    text: str


class _Sequel(msgspec.Struct):
    seq: int | None = None


_decoder: msgspec.json.Decoder[v1.ServerMessage] = msgspec.json.Decoder(v1.ServerMessage)
_seq_decoder = msgspec.json.Decoder(_Sequel)
_encoder = msgspec.json.Encoder()


class V1Client:
    """One connection of a game. Whoever opened it (`connect_v1`) closes it.

    What is sent once the connection has ended is lost without an error; `receive` reports the end.
    """

    def __init__(self, socket: GameSocket) -> None:
        self._socket = socket

    async def receive(self) -> Numbered | Unread | Closed:
        """Waits for the next message, or for the end of the connection."""
        text = await self._socket.receive()
        if isinstance(text, Closed):
            return text
        try:
            return Numbered(_seq_decoder.decode(text).seq, _decoder.decode(text))
        except msgspec.DecodeError:
            return Unread(text)

    async def send(self, message: OnTheWire) -> None:
        await self.send_text(_encoder.encode(message).decode())

    async def send_text(self, text: str) -> None:
        """As it is, whether or not it makes sense."""
        await self._socket.send(text)

    async def say(
        self,
        text: str,
        *,
        to: ToWhom = None,
        say_id: str | None = None,
        voice: str | None = None,
        priority: Priority = Priority.QUEUE,
        interruptible: bool = True,
        start_within: float | None = None,
        after_tone: bool = False,
    ) -> None:
        await self.send(
            v1.Say(
                text=text,
                voice=voice,
                say_id=say_id,
                priority=priority,
                interruptible=interruptible,
                start_within=start_within,
                after_tone=after_tone,
                call_id=_call_id(to),
                players=_players(to),
            )
        )

    async def play(
        self,
        audio: bytes,
        *,
        form: Literal["wav", "mulaw"] = "wav",
        to: ToWhom = None,
        say_id: str | None = None,
        priority: Priority = Priority.QUEUE,
        interruptible: bool = True,
        start_within: float | None = None,
        after_tone: bool = False,
    ) -> None:
        """A WAV, or raw mu-law at 8000 Hz."""
        await self.send(
            PlayMessage(
                audio=base64.b64encode(audio).decode(),
                format=form,
                say_id=say_id,
                priority=priority,
                interruptible=interruptible,
                start_within=start_within,
                after_tone=after_tone,
                call_id=_call_id(to),
                players=_players(to),
            )
        )

    async def clear(self, to: ToWhom = None) -> None:
        await self.send(v1.Clear(call_id=_call_id(to), players=_players(to)))

    async def hangup(self, to: ToWhom = None, *, at_once: bool = False) -> None:
        await self.send(v1.HangUp(call_id=_call_id(to), players=_players(to), at_once=at_once))

    async def accept(self, callers: int) -> None:
        await self.send(v1.Accept(callers=callers))

    async def dial(
        self, to: str, *, dial_id: str | None = None, character: InlineCharacter | str | None = None
    ) -> None:
        await self.send(v1.DialMessage(to=to, dial_id=dial_id, character=character))

    async def character(self, to: ToWhom = None, **fields: Any) -> None:
        """Fields of a `Persona`, or `use`."""
        await self.send(v1.CharacterMessage(call_id=_call_id(to), players=_players(to), **fields))

    async def character_stop(self, to: ToWhom = None) -> None:
        await self.send(v1.CharacterStop(call_id=_call_id(to), players=_players(to)))

    async def action_result(
        self, action_id: str, result: Any = None, *, failed: bool = False, call_id: str | None = None
    ) -> None:
        await self.send(v1.ActionResult(action_id=action_id, result=result, failed=failed, call_id=call_id))

    async def vocabulary(self, words: Iterable[str]) -> None:
        await self.send(v1.Vocabulary(words=tuple(words)))

    async def record(self, to: ToWhom = None, *, on: bool = True) -> None:
        await self.send(v1.Record(call_id=_call_id(to), players=_players(to), on=on))

    async def resume(self, resume_token: str, last_seq: int) -> None:
        await self.send(v1.Resume(resume_token=resume_token, last_seq=last_seq))

    async def ping(self, id: str | float | None = None) -> None:  # noqa: A002 - the protocol's name
        await self.send(v1.Ping(id=id))

    async def aclose(self) -> None:
        """Says goodbye, which ends the game for good."""
        await self._socket.aclose()

    async def vanish(self) -> None:
        """Is gone without a goodbye, as if the network had failed: the game is waited for."""
        await self._socket.vanish()


def _call_id(to: ToWhom) -> str | None:
    return to if isinstance(to, str) else None


def _players(to: ToWhom) -> tuple[int, ...] | None:
    match to:
        case None | str():
            return None
        case int():
            return (to,)
        case _:
            return tuple(to)


@asynccontextmanager
async def connect_v1(url: str, key: str | None = None, resume: v1.Resume | None = None) -> AsyncIterator[V1Client]:
    """Opens a game at ws://host:port/game; leaving the block closes it. Raises GameUnreachableError.

    `resume` is asked for at once; its answer comes behind the `welcome` of the new connection. What the block raises
    comes out as it is, not in a group.
    """
    async with open_game_socket(url, key, v1.SUBPROTOCOL) as socket:
        client = V1Client(socket)
        if resume is not None:
            await client.send(resume)
        yield client
