from __future__ import annotations

from phonegame.characters.brains.script.library import read_script
from phonegame.characters.brains.script.vocabulary import MOST, MOST_LETTERS, vocabulary_of
from phonegame.local.speech.sphinx.grammar import spoken_phrases

SCRIPT = """
[lists]
topping = ["four cheese | quattro formaggi", "mushroom[s]"]
never = ["unused"]
[states.order]
listen = [
  { hear = ["yes | of course", "i'd like {count:number} [large] {topping}"], also = "to {place:text}" },
  { hear = "I don't know the {what:word} you are ... talking about" },
]
[[anywhere]]
hear = "what's there"
"""


def words(text: str, *first: str) -> tuple[str, ...]:
    script, faults = read_script(text)
    assert script is not None, faults.errors
    return vocabulary_of(script, first)


def test_words_come_as_they_are_spoken_the_best_first() -> None:
    found = words(SCRIPT, "Ahoy", "ahoy")
    assert found[:6] == ("ahoy", "four cheese", "mushrooms", "yes", "i'd like", "i don't know the")
    assert {"what's there", "of course", "large four cheese", "talking about", "quattro formaggi"} <= set(found)
    assert "to" not in found


def test_there_are_no_more_than_recognisers_take() -> None:
    many = ",".join(f'"thing{chr(97 + number // 26)}{chr(97 + number % 26)} | x{number}"' for number in range(300))
    found = words(f'[lists]\nthing = [{many}]\n[states.a]\nlisten = [{{ hear = "{{thing}}" }}]')
    assert 50 < len(found) <= MOST
    assert sum(map(str.isalnum, "".join(found))) <= MOST_LETTERS


def test_what_somebody_has_chosen_is_never_left_out() -> None:
    chosen = [f"word {number} {'x' * 80}" for number in range(90)]
    assert words(SCRIPT, *chosen) == tuple(chosen)


def test_the_local_recogniser_can_say_all_of_it() -> None:
    assert len(spoken_phrases(words(SCRIPT))) == len(words(SCRIPT))
