from __future__ import annotations

import audioop
import itertools

from phonegame.audio import SAMPLE_RATE, SILENCE, decode_mulaw
from phonegame.speak.hold import AMPLITUDE, PERIOD_SECONDS, hold_tone


def test_a_period_begins_and_ends_in_silence_so_that_it_repeats_without_a_click() -> None:
    samples = decode_mulaw(hold_tone())
    assert audioop.getsample(samples, 2, 0) == 0
    assert hold_tone().endswith(SILENCE * SAMPLE_RATE)


def test_it_is_soft_and_as_long_as_it_says() -> None:
    assert len(hold_tone()) == PERIOD_SECONDS * SAMPLE_RATE
    assert AMPLITUDE / 2 < audioop.max(decode_mulaw(hold_tone()), 2) <= AMPLITUDE * 1.05


def test_neighbouring_samples_never_jump() -> None:
    pcm = decode_mulaw(hold_tone() * 2)
    samples = [audioop.getsample(pcm, 2, index) for index in range(len(pcm) // 2)]
    assert max(abs(after - before) for before, after in itertools.pairwise(samples)) < AMPLITUDE / 2
