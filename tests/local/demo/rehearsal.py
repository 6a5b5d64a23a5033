"""A conversation as it goes when all goes well, for what shows it and what judges it."""

from __future__ import annotations

from collections.abc import Callable

from phonegame.local.demo.conversation import Conversation, Reply
from phonegame.local.demo.script import GREETING, TURNS, words_of
from phonegame.wire.v1 import SayFinished

BEGINNING = "We also have garlic bread,"


def rehearse(on_change: Callable[[Conversation], None] = lambda _: None) -> Conversation:
    """Everything happens at second 3."""
    conversation = Conversation(lambda: 3.0, on_change)
    conversation.end(conversation.begin_code("forty two"))
    conversation.connected()
    answer(conversation, GREETING)
    for turn in TURNS:
        conversation.end(conversation.begin_sentence(turn.said))
        conversation.received(f"{turn.said.capitalize()}.")
        answer(conversation, turn.answer, BEGINNING if turn.answer.startswith(BEGINNING) else None)
    return conversation


def answer(conversation: Conversation, text: str, beginning: str | None = None) -> Reply:
    """The game says it, and it is heard to its end, or only its beginning."""
    reply = conversation.reply(text)
    conversation.reply_started(reply.say_id)
    heard = text if beginning is None else beginning
    receipt = SayFinished(
        call_id="CA1",
        player=1,
        say_id=reply.say_id,
        heard=heard,
        seconds=1.5,
        interrupted=beginning is not None,
        dropped=None,
    )
    conversation.reply_finished(receipt)
    conversation.understood(reply, " ".join(words_of(heard)), delay=0.02)
    return reply
