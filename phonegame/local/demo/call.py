"""The scripted call: a phone says the code that the game shows, then the sentences, while the game listens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from phonegame.local.demo.conversation import Conversation
from phonegame.local.demo.script import SENTENCES, spell, spell_digits
from phonegame.local.game_client import GameClient
from phonegame.local.phone import Phone, place_call
from phonegame.local.text_game import Closed, Code, Connected, Event, Heard, PhoneNumber

GREETING_SECONDS = 10.0
PATIENCE_SECONDS = 6.0
"""From a try at the code to the next."""
LISTEN_SECONDS = 1.0
"""Between two sentences, as somebody who waits for a nod."""
LAST_WORDS_SECONDS = 10.0
"""For the game to receive what is still on its way."""


class GameLeft(Exception):
    """The server has closed the demo's game."""


async def greet(game: GameClient) -> tuple[str, str]:
    """The phone number and the code that the game is told to show. Raises GameLeft."""
    greeting: list[Event | Closed] = []
    with trio.move_on_after(GREETING_SECONDS):
        greeting = [await game.receive(), await game.receive()]
    match greeting:
        case [PhoneNumber(number), Code(code)]:
            return number, code
        case [_, Closed() as closed]:
            raise GameLeft(closed.explain())
    raise GameLeft("The server gave the game neither number nor code.")


async def run_call(game: GameClient, code: str, url: str, on_change: Callable[[Conversation], None]) -> Conversation:
    """Hangs up at the end. Raises PhoneError, SpeakError and GameLeft, in groups."""
    async with place_call(url) as phone:
        conversation = Conversation(lambda: phone.seconds, on_change)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_listen, game, conversation)
            await _join(phone, code, conversation)
            if conversation.joined:
                await _say_sentences(phone, conversation)
            nursery.cancel_scope.cancel()
    return conversation


async def _listen(game: GameClient, conversation: Conversation) -> None:
    while True:
        match await game.receive():
            case Connected():
                conversation.connected()
            case Heard(text):
                conversation.received(text)
            case Closed() as closed:
                raise GameLeft(closed.explain())


async def _join(phone: Phone, code: str, conversation: Conversation) -> None:
    """As a person would: says the code, then its digits one by one, and keys it in the end."""
    spoken, digits = spell(int(code)), spell_digits(code)
    await _try(spoken, phone.say(spoken), conversation)
    if not conversation.joined:
        await _try(digits, phone.say(digits), conversation)
    if not conversation.joined:
        await _try(f"(keys {code} #)", phone.key(f"{code}#"), conversation)


async def _try(text: str, attempt: Awaitable[None], conversation: Conversation) -> None:
    line = conversation.begin_code(text)
    await attempt
    conversation.end(line)
    with trio.move_on_after(PATIENCE_SECONDS):
        await conversation.wait_until(lambda: conversation.joined)


async def _say_sentences(phone: Phone, conversation: Conversation) -> None:
    for sentence in SENTENCES:
        await phone.pause(LISTEN_SECONDS)
        line = conversation.begin_sentence(sentence)
        await phone.say(sentence)
        conversation.end(line)
    with trio.move_on_after(LAST_WORDS_SECONDS):
        await conversation.wait_until(lambda: not conversation.missed)
