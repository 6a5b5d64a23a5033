from __future__ import annotations

from phonegame.limits import KeyGuesses
from phonegame.limits.addresses import THIS_MACHINE
from phonegame.limits.keys import REFILL_SECONDS, RETRY_SECONDS, WRONG_KEYS

ELSEWHERE, ANOTHER = "192.0.2.7", "192.0.2.8"


def exhaust(guesses: KeyGuesses, address: str, now: float, most: int = 100) -> int:
    """Tries wrong keys for as long as it may."""
    for tries in range(most):
        if not guesses.allow_try(address, now):
            return tries
        guesses.count_wrong(address, now)
    return most


def test_an_address_has_so_many_at_once() -> None:
    assert exhaust(KeyGuesses(), ELSEWHERE, 0) == WRONG_KEYS


def test_then_one_more_when_it_was_told_to_come_again() -> None:
    guesses = KeyGuesses()
    exhaust(guesses, ELSEWHERE, 0)
    assert not guesses.allow_try(ELSEWHERE, RETRY_SECONDS - 1)
    assert exhaust(guesses, ELSEWHERE, RETRY_SECONDS + 1) == 1


def test_after_a_while_all_of_them_and_no_more() -> None:
    guesses = KeyGuesses()
    exhaust(guesses, ELSEWHERE, 0)
    assert exhaust(guesses, ELSEWHERE, 10 * REFILL_SECONDS) == WRONG_KEYS


def test_another_address_has_its_own() -> None:
    guesses = KeyGuesses()
    exhaust(guesses, ELSEWHERE, 0)
    assert guesses.allow_try(ANOTHER, 0)


def test_this_machine_has_no_limit() -> None:
    assert exhaust(KeyGuesses(), THIS_MACHINE, 0) == 100


def test_right_keys_cost_nothing() -> None:
    guesses = KeyGuesses(1)
    assert all(guesses.allow_try(ELSEWHERE, 0) for _ in range(100))
