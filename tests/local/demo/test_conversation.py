from __future__ import annotations

import msgspec
import pytest
import trio

from phonegame.local.demo.conversation import Conversation, Piece
from phonegame.local.demo.script import CALL_BACK, GREETING, TURNS, Deed
from phonegame.wire.v1 import CharacterSaid, SayFinished
from tests.local.demo.rehearsal import BEGINNING, answer, rehearse, rehearse_call_back, speak


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def conversation(clock: Clock) -> Conversation:
    """Joined, with two sentences said, which ended at 5 and 8."""
    conversation = Conversation(clock, lambda _: None)
    conversation.end(conversation.begin_code("forty two"))
    clock.now = 1.5
    conversation.connected()
    for sentence, end in [("I would like a pizza", 5.0), ("and two drinks", 8.0)]:
        line = conversation.begin_sentence(sentence)
        clock.now = end
        conversation.end(line)
    return conversation


def received(conversation: Conversation) -> list[list[str]]:
    return [[piece.text for piece in line.received] for line in conversation.sentences]


def test_delay_is_from_the_end_of_the_sentence_to_the_game(conversation: Conversation, clock: Clock) -> None:
    clock.now = 8.75
    conversation.received("I would like a pizza.")
    conversation.received("And 2 drinks.")
    assert conversation.missed == []
    assert [line.delay for line in conversation.sentences] == [3.75, 0.75]
    assert conversation.join_seconds == 1.5


def test_a_sentence_may_come_in_pieces(conversation: Conversation, clock: Clock) -> None:
    conversation.received("I would like")
    assert conversation.missed == ["I would like a pizza", "and two drinks"]
    clock.now = 9.0
    conversation.received("a pizza")
    assert conversation.missed == ["and two drinks"]
    assert conversation.sentences[0].arrived == 9.0
    assert received(conversation) == [["I would like", "a pizza"], []]


def test_two_sentences_may_come_in_one_piece(conversation: Conversation) -> None:
    conversation.received("I would like a pizza and two drinks")
    assert conversation.missed == []


def test_a_misheard_sentence_is_missed_though_the_next_one_comes(conversation: Conversation) -> None:
    conversation.received("I would like a visa")
    conversation.received("and two drinks")
    assert conversation.missed == ["I would like a pizza"]
    assert received(conversation) == [["I would like a visa"], ["and two drinks"]]


def test_a_word_too_few_is_a_sentence_missed(conversation: Conversation) -> None:
    conversation.received("I would like pizza")
    assert conversation.missed == ["I would like a pizza", "and two drinks"]


def test_words_that_were_taken_for_one_sentence_do_not_count_for_another(clock: Clock) -> None:
    conversation = Conversation(clock, lambda _: None)
    for _ in range(2):
        conversation.end(conversation.begin_sentence("hello"))
    conversation.received("hello")
    assert conversation.missed == ["hello"]


def test_not_joined_before_the_game_is_told_so(clock: Clock) -> None:
    conversation = Conversation(clock, lambda _: None)
    conversation.end(conversation.begin_code("forty two"))
    assert not conversation.joined
    assert conversation.join_seconds is None


def test_join_is_counted_from_the_first_try(clock: Clock) -> None:
    conversation = Conversation(clock, lambda _: None)
    for at in (1.0, 7.0):
        clock.now = at
        conversation.end(conversation.begin_code("forty two"))
    clock.now = 8.0
    conversation.connected()
    assert conversation.join_seconds == 7.0


async def test_waiting_ends_with_the_change_that_is_waited_for(conversation: Conversation) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(conversation.wait_until, lambda: not conversation.missed)
        await trio.testing.wait_all_tasks_blocked()
        conversation.received("I would like a pizza")
        await trio.testing.wait_all_tasks_blocked()
        assert len(nursery.child_tasks) == 1
        conversation.received("and two drinks")


def test_a_call_that_went_well_is_as_scripted() -> None:
    conversation = rehearse()
    assert conversation.is_as_scripted
    assert len(conversation.replies) == 4
    assert conversation.deeds == [turn.deed for turn in TURNS]


def test_a_reply_too_many_is_not_in_the_script() -> None:
    conversation = rehearse()
    speak(conversation, GREETING)
    assert not conversation.is_as_scripted


def test_a_reply_that_should_have_been_interrupted_is_not_as_scripted() -> None:
    conversation = rehearse()
    spoken_over = conversation.replies[2]
    assert spoken_over.receipt is not None
    assert isinstance(spoken_over.receipt, CharacterSaid)
    spoken_over.text = spoken_over.whole
    spoken_over.receipt = msgspec.structs.replace(spoken_over.receipt, text=spoken_over.whole, cut_off=False)
    conversation.understood(spoken_over, spoken_over.text, 0)
    assert spoken_over.is_confirmed
    assert not conversation.is_as_scripted


def test_a_reply_that_should_have_been_heard_to_its_end_is_not_as_scripted() -> None:
    conversation = rehearse()
    cut = conversation.replies[1]
    assert isinstance(cut.receipt, CharacterSaid)
    cut.text = "One pepperoni"
    cut.receipt = msgspec.structs.replace(cut.receipt, text=cut.text, cut_off=True)
    conversation.understood(cut, cut.text, 0)
    assert cut.is_confirmed
    assert not conversation.is_as_scripted


def test_an_action_too_many_is_not_in_the_script() -> None:
    conversation = rehearse()
    conversation.did(Deed("order_placed", {}, None))
    assert not conversation.is_as_scripted


def test_what_a_character_has_done_comes_before_what_it_says_then(conversation: Conversation) -> None:
    conversation.character_turn()
    conversation.did(Deed("order_placed", {}, {"minutes": 12}))
    reply = speak(conversation, "in 12 minutes")
    assert conversation.rows[-1] is reply
    assert (reply.began, reply.heard) == (8.0, "in 12 minutes")


def test_what_a_character_says_belongs_to_the_first_of_its_turns_that_wait(conversation: Conversation) -> None:
    for _ in range(2):
        conversation.character_turn()
    said = [speak(conversation, text) for text in ("first", "second", "unasked")]
    assert said == conversation.replies


@pytest.mark.parametrize(
    ("understood", "is_confirmed"), [(Piece(1, "2 pizzas"), True), (Piece(1, "two"), False), (None, False)]
)
def test_a_reply_is_confirmed_when_the_phone_heard_it_all(
    clock: Clock, understood: Piece | None, is_confirmed: bool
) -> None:
    reply = answer(Conversation(clock, lambda _: None), "Two pizzas.")
    reply.understood = understood
    assert reply.is_confirmed is is_confirmed


@pytest.mark.parametrize(
    ("understood", "is_confirmed"),
    [
        ("we also have garlic bread", True),
        ("we also have garlic", True),
        ("we also have garlic bread and", True),
        ("we also have", False),
        ("we also have garlic bread and green", False),
        ("we also have apple cake green", False),
    ],
)
def test_the_word_that_was_cut_may_be_heard_or_not(clock: Clock, understood: str, is_confirmed: bool) -> None:
    reply = answer(Conversation(clock, lambda _: None), TURNS[1].answer, BEGINNING)
    reply.understood = Piece(1, understood)
    assert reply.is_confirmed is is_confirmed


def test_interruption_is_counted_from_the_callers_first_sound(clock: Clock) -> None:
    conversation = Conversation(clock, lambda _: None)
    reply = conversation.reply("a long story")
    clock.now = 2.0
    conversation.begin_sentence("stop")
    clock.now = 2.75
    receipt = SayFinished(
        call_id="CA1", player=1, say_id=reply.say_id, heard="a", seconds=2, interrupted=True, dropped=None
    )
    conversation.reply_finished(receipt)
    clock.now = 4.0
    conversation.begin_sentence("thanks")
    assert conversation.interruptions == [0.75]


def test_a_call_back_that_went_well_is_as_scripted() -> None:
    conversation = rehearse_call_back()
    assert conversation.has_ended
    assert conversation.is_as_scripted


@pytest.mark.parametrize("at", range(4), ids=CALL_BACK.steps)
def test_a_call_back_of_which_a_step_is_not_told_is_not_as_scripted(at: int) -> None:
    conversation = rehearse_call_back()
    conversation.signs[at].told.clear()
    assert not conversation.is_as_scripted


def test_a_call_back_whose_phone_did_not_ring_is_not_as_scripted() -> None:
    conversation = rehearse_call_back()
    conversation.signs[1].at_phone = None
    assert not conversation.is_as_scripted


def test_a_call_back_in_which_nobody_spoke_is_not_as_scripted() -> None:
    conversation = rehearse_call_back()
    conversation.sentences.clear()
    assert not conversation.is_as_scripted


def test_delay_of_a_step_is_from_the_phone_to_the_game(clock: Clock) -> None:
    conversation = Conversation(clock, lambda _: None, CALL_BACK)
    clock.now = 1.0
    conversation.at_phone("ringing")
    clock.now = 1.25
    conversation.told("ringing")
    assert [(sign.began, sign.delay) for sign in conversation.signs] == [(1.0, 0.25)]
