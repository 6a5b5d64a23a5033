from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from phonegame.stream_tokens import MAX_TOKENS, TOKEN_SECONDS, Facts, StreamTokens

FACTS = Facts(caller="+15550123456", called="+15550100")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_token_brings_what_the_webhook_knew() -> None:
    tokens = StreamTokens(Clock())
    assert tokens.redeem_nowait(tokens.issue_nowait("CA1", FACTS), "CA1") == FACTS


def test_a_token_is_good_once() -> None:
    tokens = StreamTokens(Clock())
    token = tokens.issue_nowait("CA1", FACTS)
    tokens.redeem_nowait(token, "CA1")
    assert tokens.redeem_nowait(token, "CA1") is None


def test_another_call_s_token_is_refused_and_used_up() -> None:
    tokens = StreamTokens(Clock())
    token = tokens.issue_nowait("CA1", FACTS)
    assert tokens.redeem_nowait(token, "CA2") is None
    assert tokens.redeem_nowait(token, "CA1") is None


def test_a_token_expires() -> None:
    clock = Clock()
    tokens = StreamTokens(clock)
    early, late = tokens.issue_nowait("CA1", FACTS), tokens.issue_nowait("CA1", FACTS)
    clock.now = TOKEN_SECONDS - 0.1
    assert tokens.redeem_nowait(early, "CA1") == FACTS
    clock.now = TOKEN_SECONDS
    assert tokens.redeem_nowait(late, "CA1") is None


def test_a_webhook_that_comes_twice_gets_two_good_tokens() -> None:
    tokens = StreamTokens(Clock())
    first, second = tokens.issue_nowait("CA1", FACTS), tokens.issue_nowait("CA1", FACTS)
    assert first != second
    assert tokens.redeem_nowait(second, "CA1") == tokens.redeem_nowait(first, "CA1") == FACTS


def test_expired_tokens_are_not_kept() -> None:
    clock = Clock()
    tokens = StreamTokens(clock)
    for _ in range(10):
        tokens.issue_nowait("CA1", FACTS)
    clock.now = TOKEN_SECONDS
    tokens.issue_nowait("CA1", FACTS)
    assert len(tokens) == 1


def test_the_oldest_is_forgotten_when_there_are_too_many() -> None:
    tokens = StreamTokens(Clock())
    first, second = tokens.issue_nowait("CA1", FACTS), tokens.issue_nowait("CA2", FACTS)
    for _ in range(MAX_TOKENS - 1):
        tokens.issue_nowait("CA3", FACTS)
    assert len(tokens) == MAX_TOKENS
    assert tokens.redeem_nowait(first, "CA1") is None
    assert tokens.redeem_nowait(second, "CA2") == FACTS


@given(st.text(), st.text())
def test_what_is_no_token_is_refused_and_never_raises(token: str, call_sid: str) -> None:
    tokens = StreamTokens(Clock())
    good = tokens.issue_nowait("CA1", FACTS)
    assert tokens.redeem_nowait(token, call_sid) is None
    assert tokens.redeem_nowait(good, call_sid) is None


def test_the_token_is_long_and_fits_a_parameter() -> None:
    token = StreamTokens(Clock()).issue_nowait("CA1", FACTS)
    assert 32 <= len(token) <= 64
    assert token.isascii()
