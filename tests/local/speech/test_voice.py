from __future__ import annotations

from phonegame.local.speech.sphinx.voice import ONSET_FRAMES, VoiceDetector


def voiced(levels: list[float]) -> list[bool]:
    detector = VoiceDetector()
    return [detector.is_voice(level) for level in levels]


def test_a_voice_is_noticed_after_three_frames_and_lost_when_it_ends() -> None:
    assert voiced([5.0] * 10 + [1000.0] * 10 + [5.0] * 5) == (
        [False] * (10 + ONSET_FRAMES - 1) + [True] * (10 - ONSET_FRAMES + 1) + [False] * 5
    )


def test_a_click_is_no_voice() -> None:
    assert not any(voiced([5.0, 5.0, 20_000.0, 20_000.0, 5.0, 5.0, 5.0]))


def test_a_loud_line_is_no_voice_once_one_is_used_to_it() -> None:
    assert not any(voiced([300.0] * 1000)[500:])


def test_a_voice_is_heard_over_a_loud_line() -> None:
    assert any(voiced([300.0] * 1000 + [3000.0] * 10)[1000:])
