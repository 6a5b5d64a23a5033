from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.audio import SILENCE, decode_mulaw, encode_mulaw
from phonegame.local.speech.heard import Final
from phonegame.local.speech.sphinx.recogniser import SphinxRecogniser
from phonegame.local.voice_sign import is_signed, signed
from phonegame.speak.espeak import ESpeakVoice

SECOND = SILENCE * 8000


@given(st.binary(max_size=1000))
def test_nobody_hears_the_sign(mulaw: bytes) -> None:
    assert decode_mulaw(signed(mulaw)) == decode_mulaw(SILENCE * 160 + mulaw)
    assert is_signed(signed(mulaw))


@given(st.integers(0, 159))
def test_the_sign_is_found_wherever_a_frame_ends(cut: int) -> None:
    assert is_signed(signed(b"\x10" * 320)[cut:]) is (cut <= 80)


@given(st.lists(st.integers(-32768, 32767), min_size=200, max_size=400))
def test_what_a_microphone_hears_is_not_signed(samples: list[int]) -> None:
    assert not is_signed(encode_mulaw(b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples)))
    assert not is_signed(SECOND)


def understood(mulaw: bytes) -> list[str]:
    recogniser = SphinxRecogniser(300, voices="human")
    heard = [*recogniser.feed(SECOND[:2400] + mulaw + SECOND), *recogniser.finish()]
    return [" ".join(word.text for word in final.words) for final in heard if isinstance(final, Final)]


@pytest.mark.slow
def test_typed_numbers_are_understood_by_who_expects_people() -> None:
    voice = ESpeakVoice()
    assert understood(voice.synthesise_blocking("sixteen")) != ["sixteen"]
    assert understood(signed(voice.synthesise_blocking("sixteen"))) == ["sixteen"]


@pytest.mark.slow
def test_after_a_pause_it_is_still_known_whose_voice_it_is() -> None:
    voice = ESpeakVoice()
    both = voice.synthesise_blocking("sixteen") + SECOND[:4000] + voice.synthesise_blocking("thirteen")
    assert understood(signed(both)) == ["sixteen", "thirteen"]
