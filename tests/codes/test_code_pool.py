from __future__ import annotations

import random

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from phonegame.codes import CodePool


def pool_of(*codes: str, seed: int = 1) -> CodePool:
    return CodePool(codes, random=random.Random(seed))


def test_every_code_is_given_out_once() -> None:
    pool = pool_of("1", "2", "3")
    assert {pool.take(), pool.take(), pool.take()} == {"1", "2", "3"}
    assert pool.take() is None


def test_order_is_random_and_repeatable() -> None:
    codes = [str(number) for number in range(100)]
    orders = [tuple(pool_of(*codes, seed=seed).take() for _ in codes) for seed in (1, 1, 2)]
    assert orders[0] == orders[1]
    assert len({tuple(codes), *orders}) == 3


def test_freed_code_comes_after_all_that_are_free() -> None:
    pool = pool_of("1", "2", "3", "4")
    first = pool.take()
    assert first is not None
    pool.give_back(first)
    assert [pool.take() for _ in range(4)][-1] == first


def test_freed_code_is_free_at_once_when_nothing_else_is() -> None:
    pool = pool_of("1")
    assert pool.take() == "1"
    pool.give_back("1")
    assert pool.take() == "1"


@pytest.mark.parametrize("code", ["1", "nonsense"])
def test_code_that_is_not_out_cannot_be_given_back(code: str) -> None:
    with pytest.raises(ValueError, match="is not out"):
        pool_of("1").give_back(code)


def test_code_cannot_be_given_back_twice() -> None:
    pool = pool_of("1", "2")
    code = pool.take()
    assert code is not None
    pool.give_back(code)
    with pytest.raises(ValueError, match="is not out"):
        pool.give_back(code)


def test_active_is_a_live_view() -> None:
    pool = pool_of("1")
    active = pool.active
    assert not active
    pool.take()
    assert active == {"1"}


class PoolMachine(RuleBasedStateMachine):
    """The pool against the rule book: a list of free codes, longest free first, once the shuffled ones are used up."""

    @initialize(size=st.integers(0, 5), seed=st.integers(0, 3))
    def fill(self, size: int, seed: int) -> None:
        self.codes = {str(number) for number in range(size)}
        self.pool = CodePool(sorted(self.codes), random=random.Random(seed))
        self.out: list[str] = []
        self.never_out = set(self.codes)
        self.freed: list[str] = []

    @rule()
    def take(self) -> None:
        code = self.pool.take()
        if code is None:
            assert len(self.out) == len(self.codes)
        elif self.never_out:
            self.never_out.remove(code)
            self.out.append(code)
        else:
            assert code == self.freed.pop(0)
            self.out.append(code)

    @precondition(lambda self: bool(self.out))
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        code = data.draw(st.sampled_from(self.out))
        self.out.remove(code)
        self.pool.give_back(code)
        self.freed.append(code)

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        assert list(self.pool.active) == self.out
        assert len(set(self.out)) == len(self.out)
        assert self.pool.capacity == len(self.codes)


TestPoolMachine = PoolMachine.TestCase
