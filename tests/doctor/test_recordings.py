from __future__ import annotations

from pathlib import Path

import pytest

from phonegame.doctor.finding import Outcome
from phonegame.doctor.recordings import check_recordings, finding_of_hours
from phonegame.settings import Settings
from tests.doctor.world import World


def settings(**values: object) -> Settings:
    return World(url="http://127.0.0.1:1").settings(**values)


async def test_none() -> None:
    finding = await check_recordings(settings())
    assert (finding.outcome, "not set" in finding.text) == (Outcome.OK, True)


async def test_a_folder(tmp_path: Path) -> None:
    finding = await check_recordings(settings(recordings=tmp_path))
    assert finding.outcome is not Outcome.FAULT
    assert "where a game asks for it" in finding.text


async def test_a_folder_that_has_gone_since(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    known = settings(recordings=folder)
    folder.rmdir()
    finding = await check_recordings(known)
    assert (finding.outcome, finding.text) == (Outcome.FAULT, f"{str(folder)!r} does not exist; create it")


@pytest.mark.parametrize(("hours", "outcome"), [(0, Outcome.WARNING), (9, Outcome.WARNING), (10, Outcome.OK)])
def test_room(hours: int, outcome: Outcome) -> None:
    finding = finding_of_hours(hours, is_always=True)
    assert finding.outcome is outcome
    assert finding.text.startswith("every call is recorded")
