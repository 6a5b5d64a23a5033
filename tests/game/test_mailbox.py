from __future__ import annotations

import json

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from phonegame.game.mailbox import KEPT, ROOM, Mailbox
from phonegame.wire.v1 import Dtmf, SayStarted

QUEUE = 10
CAPACITY = KEPT * QUEUE + ROOM
NEWS = Dtmf(call_id="call", player=1, digit="5")
ANSWER = SayStarted(call_id="call", player=1, say_id="1")


def seq_of(text: str | None) -> int:
    assert text is not None
    return int(json.loads(text)["seq"])


def posted(news: int, answers: int = 0) -> Mailbox:
    mailbox = Mailbox(QUEUE)
    for message in [NEWS] * news + [ANSWER] * answers:
        mailbox.post(message)
    return mailbox


def test_more_news_than_the_queue_takes_overflow_it() -> None:
    assert not posted(QUEUE).overflows(away=False)
    assert posted(QUEUE + 1).overflows(away=False)


def test_answers_do_not_up_to_its_capacity() -> None:
    assert not posted(QUEUE, CAPACITY - QUEUE).overflows(away=False)
    assert posted(0, CAPACITY + 1).overflows(away=False)


def test_while_the_game_is_away_all_is_kept_up_to_its_capacity() -> None:
    assert not posted(CAPACITY).overflows(away=True)
    assert posted(CAPACITY + 1).overflows(away=True)


def test_what_waited_when_the_game_came_back_does_not_count() -> None:
    mailbox = posted(CAPACITY)
    assert mailbox.rewind(0) is None
    for _ in range(QUEUE):
        mailbox.post(NEWS)
    assert not mailbox.overflows(away=False)
    mailbox.post(NEWS)
    assert mailbox.overflows(away=False)


def test_who_comes_back_again_and_again_and_reads_nothing_is_not_kept_for() -> None:
    mailbox = Mailbox(QUEUE)
    for _ in range(CAPACITY + 1):
        mailbox.post(NEWS)
        if mailbox.last <= CAPACITY:
            assert mailbox.rewind(0) is None
    why_not = mailbox.rewind(0)
    assert why_not is not None
    assert "1 is gone" in why_not


class Reading(RuleBasedStateMachine):
    """Whatever is read, missed and read again: the next message is always the one after the last."""

    def __init__(self) -> None:
        super().__init__()
        self.mailbox = Mailbox(QUEUE)
        self.posted = 0
        self.read = 0

    @rule(count=st.integers(1, 30), news=st.booleans())
    def post(self, count: int, news: bool) -> None:
        for _ in range(count):
            if self.mailbox.overflows(away=True):
                return
            self.mailbox.post(NEWS if news else ANSWER)
            self.posted += 1

    @rule(count=st.integers(1, 60))
    def read_some(self, count: int) -> None:
        for _ in range(min(count, self.posted - self.read)):
            self.read += 1
            assert seq_of(self.mailbox.next_nowait()) == self.read
        if self.read == self.posted:
            assert self.mailbox.next_nowait() is None

    @rule(back=st.integers(0, 200))
    def lose_some(self, back: int) -> None:
        wanted = max(0, self.read - back)
        why_not = self.mailbox.rewind(wanted)
        assert (why_not is None) == (self.posted - wanted <= min(self.posted, CAPACITY))
        if why_not is None:
            self.read = wanted

    @precondition(lambda self: self.posted > 0)
    @rule(beyond=st.integers(1, 5))
    def ask_for_the_future(self, beyond: int) -> None:
        assert self.mailbox.rewind(self.posted + beyond) is not None

    @invariant()
    def counts(self) -> None:
        assert self.mailbox.last == self.posted
        assert self.mailbox.waiting == self.posted - self.read
        assert len(self.mailbox._letters) <= 2 * CAPACITY + 1


TestReading = Reading.TestCase
TestReading.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
