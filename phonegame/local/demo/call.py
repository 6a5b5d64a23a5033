"""The scripted call: the caller says the code that the game shows, orders, and interrupts the game once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import trio

from phonegame.local.demo.conversation import Conversation, Reply
from phonegame.local.demo.ears import ears_at, understand
from phonegame.local.demo.game import PizzaGame
from phonegame.local.demo.phones import PLAYER
from phonegame.local.demo.script import TURNS, Turn, spell, spell_digits
from phonegame.local.demo.stage import KEY, Stage
from phonegame.local.phone import Phone, place_call
from phonegame.local.twilio_api.calling_in import ask_webhook
from phonegame.local.v1_client import V1Client

WELCOME_SECONDS = 8.0
"""A server that says nothing for so long says nothing at all; and nobody listens for longer."""
BREATH_SECONDS = 0.4
"""Of silence, before a caller takes it that it is their turn."""
PATIENCE_SECONDS = 6.0
"""From a try at the code to the next, and from a sentence to the game's answer."""
LISTEN_SECONDS = 15.0
"""The longest that an answer is listened to."""
SPEAK_OVER_SECONDS = 2.0
"""So much of an answer makes a caller impatient."""
LAST_WORDS_SECONDS = 15.0
"""For the game to receive what is still on its way, and for the speech service to understand the last replies."""


async def run_call(
    client: V1Client, code: str, stage: Stage, on_change: Callable[[Conversation], None]
) -> Conversation:
    """Hangs up at the end. Raises PhoneError, SpeakError, GameFailed, DeepgramFailure, in groups."""
    connection = await ask_webhook(stage.webhook_url, PLAYER)
    called = place_call(connection.url, identity=connection.identity, auth_token=connection.auth_token)
    async with called as phone:
        conversation = Conversation(lambda: phone.seconds, on_change)

        async def check(reply: Reply) -> None:
            recognise = ears_at(stage.listen_url, KEY)
            conversation.understood(reply, *await understand(phone, reply, recognise))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(PizzaGame(client, conversation, check).run)
            await _join(phone, code, conversation)
            if conversation.joined:
                await _order(phone, conversation)
            nursery.cancel_scope.cancel()
    return conversation


async def _join(phone: Phone, code: str, conversation: Conversation) -> None:
    """As a person would: says the code, then its digits one by one, and keys it in the end."""
    spoken, digits = spell(int(code)), spell_digits(code)
    attempts: list[tuple[str, Callable[[], Awaitable[None]]]] = [
        (spoken, partial(phone.say, spoken)),
        (digits, partial(phone.say, digits)),
        (f"(keys {code} #)", partial(phone.key, f"{code}#")),
    ]
    for text, attempt in attempts:
        if not conversation.joined:
            await _hear_prompt(phone)
            line = conversation.begin_code(text)
            await attempt()
            conversation.end(line)
            with trio.move_on_after(PATIENCE_SECONDS):
                await conversation.wait_until(lambda: conversation.joined)


async def _hear_prompt(phone: Phone) -> None:
    """What the server itself says: a welcome, or that the code was wrong. It may be set to say nothing."""
    with trio.move_on_after(WELCOME_SECONDS):
        if not phone.sound_seconds:
            await phone.wait_heard()
        await phone.wait_silence(BREATH_SECONDS)


async def _order(phone: Phone, conversation: Conversation) -> None:
    for number, turn in enumerate(TURNS, 1):
        await _hear_reply(phone, conversation, number, turn)
        line = conversation.begin_sentence(turn.said)
        await phone.say(turn.said)
        conversation.end(line)
        conversation.character_turn()
    with trio.move_on_after(LAST_WORDS_SECONDS):
        await conversation.wait_until(lambda: all(reply.understood is not None for reply in conversation.replies))


async def _hear_reply(phone: Phone, conversation: Conversation, number: int, turn: Turn) -> None:
    """Of the character's replies the one of that number: to its end, or until the caller speaks over it."""

    def reply() -> Reply | None:
        return conversation.replies[number - 1] if len(conversation.replies) >= number else None

    with trio.move_on_after(LISTEN_SECONDS):
        if turn.over:
            await conversation.wait_until(lambda: reply() is not None)
            await phone.wait_heard(SPEAK_OVER_SECONDS)
        else:
            await conversation.wait_until(lambda: (said := reply()) is not None and said.receipt is not None)
            await phone.wait_silence(BREATH_SECONDS)
