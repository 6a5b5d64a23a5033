from __future__ import annotations

import string

import pytest

from phonegame.local.big_text import HEIGHT, enlarge

EVERY_CHARACTER = string.digits + string.ascii_uppercase + "+-(). "


@pytest.mark.parametrize("character", EVERY_CHARACTER)
def test_every_row_of_a_character_is_equally_wide(character: str) -> None:
    rows = enlarge(character)
    assert rows is not None
    assert len(rows) == HEIGHT
    assert len({len(row) for row in rows}) == 1


def test_no_two_characters_look_alike() -> None:
    assert len({tuple(enlarge(character) or ()) for character in EVERY_CHARACTER}) == len(EVERY_CHARACTER)


def test_small_letters_are_drawn_as_large_ones() -> None:
    assert enlarge("fox") == enlarge("FOX")


def test_what_has_no_large_form_is_left_to_the_caller() -> None:
    assert enlarge("4\u00b2") is None
