"""The game that phonegame began with, written for Godot: it knows nothing of speech, receipts, or a second protocol.

It takes the first text for the number, the second for the code, waits for `connected`, then sends sentences as text
frames and reads every message as one of Deepgram's.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from phonegame.local.game_socket import GameSocket, open_game_socket
from phonegame.local.speech.marker import encode_speech
from tests.house import NUMBER, Caller, House
from tests.scenarios.conversation import WORD_MS, open_talking_house, words


class OriginalGame:
    def __init__(self, socket: GameSocket) -> None:
        self._socket = socket
        self.code = ""
        self.messages: list[str] = []
        """Behind number and code."""

    async def say(self, text: str) -> None:
        await self._socket.send(text)

    async def reads(self, message: str) -> None:
        while await self._read() != message:
            pass

    async def hears(self, sentence: str) -> None:
        """Every message that has `is_final` is appended to what was said, as the original does."""
        while True:
            fields = json.loads(await self._read())
            if "is_final" in fields and fields["channel"]["alternatives"][0]["transcript"] == sentence:
                return

    async def _read(self) -> str:
        message = await self._socket.receive()
        assert isinstance(message, str), message
        self.messages.append(message)
        return message


@asynccontextmanager
async def original_game(house: House) -> AsyncIterator[OriginalGame]:
    async with open_game_socket(house.game_url, None) as socket:
        game = OriginalGame(socket)
        assert await socket.receive() == NUMBER
        code = await socket.receive()
        assert isinstance(code, str)
        game.code = code
        yield game


async def deepgram_said(house: House, number: int) -> list[str]:
    """What the speech service told the server in this call, without what the text protocol leaves out."""
    record = await house.speech.connection(number)
    said = [str(stamped.data) for stamped in record.sent]
    return [text for text in said if json.loads(text).get("is_final") is not False]


async def speak(caller: Caller, sentence: str) -> None:
    await caller.phone.play(encode_speech(sentence, word_ms=WORD_MS, pause_ms=120))


@pytest.mark.slow
async def test_it_waits_for_connected_and_then_sends_sentences() -> None:
    async with open_talking_house() as house, original_game(house) as game, house.phone() as caller:
        await caller.phone.key(game.code)
        await game.reads("connected")
        await game.say("welcome to luigis")
        await game.say("what will it be")
        await caller.hears_words("what", "will", "it", "be")
        await speak(caller, "one pizza")
        await game.hears("one pizza")
        await game.say("coming up")
        await caller.hears_words("coming", "up")
        assert caller.heard_words == ["welcome", "to", "luigis", "what", "will", "it", "be", "coming", "up"]


@pytest.mark.slow
async def test_what_it_reads_is_what_deepgram_says_and_nothing_else() -> None:
    async with open_talking_house(prompts=True, prompt_joined="in") as house, original_game(house) as game:
        async with house.phone() as caller:
            await caller.phone.key(game.code)
            await game.reads("connected")
            await game.say(words(40))
            await caller.reaches("w02")
            # interrupts it; keys, interims and receipts are not for this game
            await speak(caller, "stop")
            await caller.phone.wait_cleared()
            await caller.phone.key("5")
            await game.hears("stop")
            await game.say("sorry")
            await caller.hears_words("sorry")
            await speak(caller, "one pizza")
            await game.hears("one pizza")
        async with house.phone() as caller:
            await caller.phone.key(game.code)
            await game.reads("connected")
        first, *rest, last = game.messages
        assert (first, last) == ("connected", "connected")
        said = await deepgram_said(house, 0)
        assert rest == said[len(said) - len(rest) :]
        assert [text for text in map(transcript, rest) if text] == ["stop", "one pizza"]


async def test_a_sentence_before_anybody_has_called_does_no_harm() -> None:
    async with open_talking_house() as house, original_game(house) as game:
        await game.say("is anybody there")
        async with house.phone() as caller:
            await caller.phone.key(game.code)
            await game.reads("connected")
            await game.say("hello")
            await caller.hears_words("hello")
            assert caller.heard_words == ["hello"]
        assert house.errors == []


def transcript(message: str) -> str:
    fields = json.loads(message)
    return (
        str(fields["channel"]["alternatives"][0]["transcript"]) if "channel" in fields and "is_final" in fields else ""
    )
