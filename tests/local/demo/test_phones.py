from __future__ import annotations

from pathlib import Path

from phonegame.local.demo.phones import PLAYER, RECORDING, write_phones
from phonegame.local.twilio_api import Answers
from phonegame.local.twilio_api.phones_file import load_phones


def test_the_carrier_understands_who_answers(tmp_path: Path) -> None:
    (player,) = load_phones(write_phones(tmp_path)).items()
    number, answer = player
    assert number == PLAYER
    assert isinstance(answer, Answers)
    assert answer.record == tmp_path / RECORDING
