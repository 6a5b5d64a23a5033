from __future__ import annotations

import pytest

from phonegame.local.speech.sphinx.pronounce import pronounce


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("pepperoni", "P EH P ER R OW N IY"),
        ("church", "CH ER CH"),
        ("xaviera", "Z AE V IY EH R AH"),
        ("boy", "B OY"),
        ("water", "W AO D ER"),
    ],
)
def test_a_word_is_written_in_the_models_phones(word: str, phones: str) -> None:
    assert pronounce(word) == phones


def test_what_has_no_sound_has_no_phones() -> None:
    assert pronounce("") == ""
