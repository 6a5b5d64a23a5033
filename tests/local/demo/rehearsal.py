"""A conversation as it goes when all goes well, for what shows it and what judges it."""

from __future__ import annotations

from collections.abc import Callable

from phonegame.local.demo.conversation import Conversation, Reply
from phonegame.local.demo.script import CALL_BACK, GREETING, TURNS, words_of
from phonegame.wire.v1 import CharacterSaid, SayFinished

BEGINNING = "We also have garlic bread"


def rehearse(on_change: Callable[[Conversation], None] = lambda _: None) -> Conversation:
    """Everything happens at second 3."""
    conversation = Conversation(lambda: 3.0, on_change)
    conversation.end(conversation.begin_code("forty two"))
    conversation.connected()
    conversation.character_turn()
    speak(conversation, GREETING)
    for turn in TURNS:
        conversation.end(conversation.begin_sentence(turn.said))
        conversation.character_turn()
        conversation.received(f"{turn.said.capitalize()}.")
        assert turn.deed is not None
        conversation.did(turn.deed)
        is_over = turn.answer.startswith(BEGINNING)
        speak(conversation, BEGINNING if is_over else turn.answer, cut_off=is_over)
    return conversation


def rehearse_call_back(on_change: Callable[[Conversation], None] = lambda _: None) -> Conversation:
    """Everything happens at second 2."""
    conversation = Conversation(lambda: 2.0, on_change, CALL_BACK)
    conversation.told("dialling")
    conversation.at_phone("ringing")
    conversation.told("ringing")
    # the phone's own news may come behind
    conversation.told("answered")
    conversation.at_phone("answered")
    answer(conversation, CALL_BACK.greeting)
    conversation.told("answered", "by a human")
    for turn in CALL_BACK.turns:
        conversation.end(conversation.begin_sentence(turn.said))
        conversation.received(turn.said)
        answer(conversation, turn.answer)
    conversation.ended("game hung up")
    conversation.at_phone("over")
    return conversation


def speak(conversation: Conversation, heard: str, *, cut_off: bool = False) -> Reply:
    """The character does, as far as it was heard."""
    reply = conversation.character_said(CharacterSaid(call_id="CA1", player=1, text=heard, cut_off=cut_off))
    conversation.understood(reply, " ".join(words_of(heard)), delay=0.02)
    return reply


def answer(conversation: Conversation, text: str, beginning: str | None = None) -> Reply:
    """The game says it, and it is heard to its end, or only its beginning."""
    reply = conversation.reply(text)
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
