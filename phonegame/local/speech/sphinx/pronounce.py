"""How a word sounds, in the acoustic model's phones (ARPAbet), when its dictionary does not say.

eSpeak NG turns any text into IPA; that is mapped here. Its US English is what the model was trained on.
"""

from __future__ import annotations

import functools
import re

from phonegame.speak.espeak import SpeakError, ipa

_STRESS = re.compile("[ˈˌ‿\u0329\u032f]")

# Longest first wherever one begins with another.
_ARPABET = {
    "aɪɚ": "AY ER", "aɪə": "AY ER", "aʊɚ": "AW ER", "ɔːɹ": "AO R", "oːɹ": "AO R", "ɑːɹ": "AA R",
    "ɪɹ": "IH R", "ɛɹ": "EH R", "ʊɹ": "UH R", "əl": "AH L", "tʃ": "CH", "dʒ": "JH",
    "oʊ": "OW", "əʊ": "OW", "aɪ": "AY", "aʊ": "AW", "eɪ": "EY", "ɔɪ": "OY", "iə": "IY AH",
    "ɜː": "ER", "ɑː": "AA", "ɔː": "AO", "iː": "IY", "uː": "UW", "ɐ": "AH", "ə": "AH", "ɚ": "ER", "ʌ": "AH",
    "æ": "AE", "a": "AA", "ɑ": "AA", "ɒ": "AA", "ɔ": "AO", "ɛ": "EH", "e": "EH", "ɪ": "IH", "i": "IY", "ᵻ": "IH",
    "o": "OW", "ʊ": "UH", "u": "UW", "p": "P", "b": "B", "t": "T", "d": "D", "k": "K", "ɡ": "G", "g": "G",
    "f": "F", "v": "V", "θ": "TH", "ð": "DH", "s": "S", "z": "Z", "ʃ": "SH", "ʒ": "ZH", "h": "HH", "x": "K",
    "m": "M", "n": "N", "ŋ": "NG", "l": "L", "ɹ": "R", "r": "R", "w": "W", "j": "Y", "ɾ": "D", "ʔ": "T",
}  # fmt: skip


@functools.lru_cache(maxsize=10_000)
def pronounce(word: str) -> str:
    """Phones with blanks between; empty when the word has no sound, or eSpeak NG is not installed. Blocks, briefly."""
    try:
        phonemes = ipa(word)
    except SpeakError:
        return ""
    return " ".join(phone for token in phonemes.split("_") for phone in _phones(_STRESS.sub("", token)))


def _phones(token: str) -> list[str]:
    phones: list[str] = []
    while token:
        size = next((size for size in (3, 2, 1) if token[:size] in _ARPABET), 0)
        if size:
            phones.append(_ARPABET[token[:size]])
        token = token[size or 1 :]  # length marks and the like have no phone
    return phones
