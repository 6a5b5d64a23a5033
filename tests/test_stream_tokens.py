from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.stream_tokens import MAX_CALLS, MAX_TOKENS, MAX_TOKENS_A_CALL, TOKEN_SECONDS, Facts, StreamTokens

FACTS = Facts(caller="+15550123456", called="+15550100")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def issue(tokens: StreamTokens, call_sid: str) -> str:
    token = tokens.issue_nowait(call_sid, FACTS)
    assert token is not None
    return token


def test_a_token_brings_what_the_webhook_knew() -> None:
    tokens = StreamTokens(Clock())
    assert tokens.redeem_nowait(issue(tokens, "CA1"), "CA1") == FACTS


def test_a_token_is_good_once() -> None:
    tokens = StreamTokens(Clock())
    token = issue(tokens, "CA1")
    tokens.redeem_nowait(token, "CA1")
    assert tokens.redeem_nowait(token, "CA1") is None


def test_another_call_s_token_is_refused_and_used_up() -> None:
    tokens = StreamTokens(Clock())
    token = issue(tokens, "CA1")
    assert tokens.redeem_nowait(token, "CA2") is None
    assert tokens.redeem_nowait(token, "CA1") is None


def test_a_token_expires() -> None:
    clock = Clock()
    tokens = StreamTokens(clock)
    early, late = issue(tokens, "CA1"), issue(tokens, "CA2")
    clock.now = TOKEN_SECONDS - 0.1
    assert tokens.redeem_nowait(early, "CA1") == FACTS
    clock.now = TOKEN_SECONDS
    assert tokens.redeem_nowait(late, "CA2") is None


@pytest.mark.parametrize("used", [0, 1])
def test_a_webhook_that_comes_twice_gets_two_tokens_for_one_stream(used: int) -> None:
    tokens = StreamTokens(Clock())
    both = [issue(tokens, "CA1"), issue(tokens, "CA1")]
    assert both[0] != both[1]
    assert tokens.redeem_nowait(both[used], "CA1") == FACTS
    assert tokens.redeem_nowait(both[1 - used], "CA1") is None


def test_a_webhook_that_comes_again_after_the_stream_gets_none() -> None:
    tokens = StreamTokens(Clock())
    tokens.redeem_nowait(issue(tokens, "CA1"), "CA1")
    assert tokens.issue_nowait("CA1", FACTS) is None
    issue(tokens, "CA2")


def test_nor_does_one_that_comes_again_and_again_take_the_place_of_others() -> None:
    tokens = StreamTokens(Clock())
    for _ in range(MAX_TOKENS_A_CALL):
        issue(tokens, "CA1")
    assert tokens.issue_nowait("CA1", FACTS) is None
    assert len(tokens) == MAX_TOKENS_A_CALL


def test_of_many_calls_the_oldest_are_forgotten() -> None:
    tokens = StreamTokens(Clock())
    tokens.redeem_nowait(issue(tokens, "CA1"), "CA1")
    for number in range(MAX_CALLS):
        tokens.issue_nowait(f"CA{number + 2}", FACTS)
    issue(tokens, "CA1")


def test_expired_tokens_are_not_kept() -> None:
    clock = Clock()
    tokens = StreamTokens(clock)
    for number in range(10):
        tokens.issue_nowait(f"CA{number}", FACTS)
    clock.now = TOKEN_SECONDS
    tokens.issue_nowait("CA10", FACTS)
    assert len(tokens) == 1


def test_the_oldest_is_forgotten_when_there_are_too_many() -> None:
    tokens = StreamTokens(Clock())
    first, second = issue(tokens, "CA1"), issue(tokens, "CA2")
    for number in range(MAX_TOKENS - 1):
        tokens.issue_nowait(f"CA{number + 3}", FACTS)
    assert len(tokens) == MAX_TOKENS
    assert tokens.redeem_nowait(first, "CA1") is None
    assert tokens.redeem_nowait(second, "CA2") == FACTS


@given(st.text(), st.text())
def test_what_is_no_token_is_refused_and_never_raises(token: str, call_sid: str) -> None:
    tokens = StreamTokens(Clock())
    good = issue(tokens, "CA1")
    assert tokens.redeem_nowait(token, call_sid) is None
    assert tokens.redeem_nowait(good, call_sid) is None


def test_the_token_is_long_and_fits_a_parameter() -> None:
    token = issue(StreamTokens(Clock()), "CA1")
    assert 32 <= len(token) <= 64
    assert token.isascii()
