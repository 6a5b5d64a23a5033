from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest
import trio

from phonegame.characters.keeping.file import MemoryFile
from phonegame.doctor.finding import Finding, Outcome
from phonegame.doctor.memory import check_memory
from phonegame.settings import Settings


async def found(path: Path | None) -> Finding:
    return await check_memory(Settings(_env_file=None, DEEPGRAM_URL="ws://127.0.0.1:1/", memory=path))


async def test_nobody_is_remembered() -> None:
    assert "is not set" in (await found(None)).text


async def test_a_file_that_is_yet_to_be_made_is_not_made(tmp_path: Path) -> None:
    finding = await found(tmp_path / "a")
    assert finding.outcome is Outcome.OK
    assert not await trio.Path(tmp_path / "a").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="whoever this is may write everywhere")
async def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    await trio.Path(tmp_path).chmod(0o500)
    assert (await found(tmp_path / "a")).outcome is Outcome.FAULT


async def test_a_file_that_is_used_by_a_server(tmp_path: Path) -> None:
    with closing(MemoryFile(tmp_path / "a")):
        finding = await found(tmp_path / "a")
    assert (finding.outcome, finding.text) == (Outcome.OK, f"0 conversations are kept in {tmp_path / 'a'}")


async def test_a_damaged_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"no database" * 100)
    finding = await found(tmp_path / "a")
    assert finding.outcome is Outcome.FAULT
    assert "PHONEGAME_MEMORY: " in finding.text
