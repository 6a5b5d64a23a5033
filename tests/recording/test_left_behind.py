from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from phonegame.recording.files import RecordingFiles
from phonegame.recording.left_behind import finish_left_behind

NAME = "20300102-102030-0123456789abcdef"
KILLED = f"""
import os, pathlib, sys
from phonegame.recording.files import RecordingFiles
files = RecordingFiles(pathlib.Path(sys.argv[1]), "{NAME}")
files.open()
files.write(b"left", b"rght", b"one")
os._exit(9)
"""


def is_killed_while_it_records(folder: Path) -> None:
    assert subprocess.run([sys.executable, "-c", KILLED, str(folder)], check=False).returncode == 9


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_a_killed_server_has_left_gets_its_name(tmp_path: Path) -> None:
    is_killed_while_it_records(tmp_path)
    assert names(tmp_path) == [f"{NAME}.jsonl.part", f"{NAME}.wav.part"]
    assert finish_left_behind(tmp_path) == ([f"{NAME}.jsonl", f"{NAME}.wav"], [])
    assert names(tmp_path) == [f"{NAME}.jsonl", f"{NAME}.wav"]
    assert finish_left_behind(tmp_path) == ([], [])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows says so itself when it is asked to rename them")
def test_what_is_still_written_is_left_alone(tmp_path: Path) -> None:
    files = RecordingFiles(tmp_path, NAME)
    files.open()
    assert finish_left_behind(tmp_path) == ([], [])
    files.write(b"left", b"rght", b"one")
    files.finish()
    assert names(tmp_path) == [f"{NAME}.jsonl", f"{NAME}.wav"]


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "film.wav.part").touch()
    (tmp_path / f"{NAME}.mp3.part").touch()
    assert finish_left_behind(tmp_path) == ([], [])
    assert len(names(tmp_path)) == 2


def test_nothing_is_written_over(tmp_path: Path) -> None:
    is_killed_while_it_records(tmp_path)
    (tmp_path / f"{NAME}.wav").write_bytes(b"the operator's")
    assert finish_left_behind(tmp_path) == ([f"{NAME}.jsonl"], [f"{NAME}.wav.part"])
    assert (tmp_path / f"{NAME}.wav").read_bytes() == b"the operator's"


def test_a_folder_that_is_gone_has_none(tmp_path: Path) -> None:
    assert finish_left_behind(tmp_path / "gone") == ([], [])
