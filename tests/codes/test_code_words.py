"""The built-in word list, against the dictionary of the recogniser that the stand-in speech service uses."""

from __future__ import annotations

import itertools
import re
from importlib import resources, util

import pytest

from phonegame.codes import built_in_words, parse_codes
from phonegame.vocabulary import NOT_A_CODE, NUMBER_WORDS

PROMPT_WORDS = {
    "again", "busy", "call", "code", "connected", "game", "goodbye", "hash", "hello", "no", "please", "pound",
    "say", "sorry", "star", "try", "welcome", "yes",
}  # fmt: skip

VOWELS = frozenset(["AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"])
# told apart badly at 8 kHz: voiced and voiceless, nasals, hisses, neighbouring vowels
CONFUSED_PAIRS = """
P/B T/D K/G F/V TH/DH S/Z SH/ZH CH/JH M/N N/NG F/TH TH/S S/SH V/DH SH/CH ZH/JH V/B DH/D F/S P/T T/K B/D D/G P/K
W/L R/W L/R TH/T IH/IY AA/AO AH/AA UH/UW EH/AE EH/IH AH/IH AH/EH AO/OW AH/UH AW/AA AY/AA EY/EH OY/AO ER/AH AE/AA
EY/IY OW/UH AH/AE EY/AY AW/OW ER/AO
"""
CONFUSED = frozenset(frozenset(pair.split("/")) for pair in CONFUSED_PAIRS.split())
FAINT = frozenset(["AH", "HH", "R", "L"])

Sound = tuple[str, ...]


@pytest.fixture(scope="module")
def sounds() -> dict[str, list[Sound]]:
    if util.find_spec("pocketsphinx") is None:
        pytest.skip("the dictionary is in pocketsphinx, an extra")
    dictionary = resources.files("pocketsphinx") / "model" / "en-us" / "cmudict-en-us.dict"
    words = {*built_in_words(), *NUMBER_WORDS, *PROMPT_WORDS}
    sounds: dict[str, list[Sound]] = {}
    for line in dictionary.read_text(encoding="utf-8").splitlines():
        entry, *phonemes = line.split()
        word = re.sub(r"\(\d+\)$", "", entry)
        if word in words:
            sounds.setdefault(word, []).append(tuple(phonemes))
    return sounds


def distance(one: Sound, other: Sound) -> float:
    """Phonemes that have to be changed to make one of the other; those easily confused or lost count in part."""
    costs = [0.0]
    for phoneme in other:
        costs.append(costs[-1] + _loss(phoneme))
    for mine in one:
        row = [costs[0] + _loss(mine)]
        for index, phoneme in enumerate(other):
            row.append(
                min(costs[index + 1] + _loss(mine), row[-1] + _loss(phoneme), costs[index] + _change(mine, phoneme))
            )
        costs = row
    return costs[-1]


def _loss(phoneme: str) -> float:
    return 0.6 if phoneme in FAINT else 1.0


def _change(one: str, other: str) -> float:
    if one == other:
        return 0.0
    return 0.4 if frozenset((one, other)) in CONFUSED else 1.0


def test_there_are_a_few_hundred() -> None:
    words = parse_codes("words")
    assert len(words) >= 300
    assert len(set(words)) == len(words)


def test_words_are_short_and_plain() -> None:
    assert [word for word in built_in_words() if not re.fullmatch("[a-z]{3,7}", word)] == []


def test_no_word_is_said_around_a_code() -> None:
    assert NOT_A_CODE.isdisjoint(built_in_words())


def test_no_word_begins_another() -> None:
    words = sorted(built_in_words())
    assert [(one, two) for one, two in itertools.pairwise(words) if two.startswith(one)] == []


def test_every_word_can_be_recognised(sounds: dict[str, list[Sound]]) -> None:
    assert [word for word in built_in_words() if word not in sounds] == []


def test_words_have_one_or_two_syllables(sounds: dict[str, list[Sound]]) -> None:
    long = [word for word in built_in_words() for sound in sounds[word] if sum(each in VOWELS for each in sound) > 2]
    assert long == []


@pytest.mark.slow
def test_no_two_words_sound_alike(sounds: dict[str, list[Sound]]) -> None:
    alike = [
        (one, other)
        for one, other in itertools.combinations(built_in_words(), 2)
        for mine in sounds[one]
        for its in sounds[other]
        # four phonemes more or less cost 2.4 at least
        if abs(len(mine) - len(its)) < 4 and distance(mine, its) < 2.0
    ]
    assert alike == []


def test_no_word_sounds_like_a_number_or_a_prompt(sounds: dict[str, list[Sound]]) -> None:
    other_words = [word for word in sorted(NUMBER_WORDS | PROMPT_WORDS) if word in sounds]
    alike = [
        (word, other)
        for word, other in itertools.product(built_in_words(), other_words)
        for mine in sounds[word]
        for its in sounds[other]
        if distance(mine, its) < 1.6
    ]
    assert alike == []
