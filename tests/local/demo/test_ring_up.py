from __future__ import annotations

from phonegame.audio import BYTES_PER_SECOND, SILENCE
from phonegame.local.demo.carrier_lines import CarrierLines, Happening
from phonegame.local.demo.ring_up import APART_SECONDS, sounds

APART = SILENCE * round(APART_SECONDS * BYTES_PER_SECOND)
BREATH = SILENCE * 2000


def test_sounds_are_what_is_between_long_silences() -> None:
    first, second = b"\x10" * 800 + BREATH + b"\x20" * 800, b"\x30" * 80
    assert sounds(BREATH + first + APART + BREATH + second + APART + APART + BREATH) == [first, second]


def test_silence_has_no_sounds() -> None:
    assert sounds(b"") == []
    assert sounds(APART + BREATH) == []


def test_what_happens_to_calls_goes_to_whoever_follows_them_at_the_time() -> None:
    lines = CarrierLines()
    followed: list[Happening] = []
    lines.take("CA553b41  +1***42  queued")
    with lines.followed_by(followed.append):
        lines.take("TWILIO_PHONE_NUMBER=+12015550100")
        lines.take("  +12015550142  answers")
        lines.take("CA553b41  +1***42  says: yes please")
    lines.take("CA553b41  +1***42  completed")
    assert followed == [Happening("+1***42", "says: yes please")]
