from __future__ import annotations

import os
import stat
import sys
import threading
import wave
from pathlib import Path

import pytest

from phonegame.audio import decode_mulaw
from phonegame.recording.files import RecordingFiles
from phonegame.recording.folder import folder_fault

LEFT, RIGHT = bytes(range(256)), bytes(reversed(range(256)))


def channels(path: Path) -> tuple[bytes, bytes]:
    """As Python's own library reads them, which is strict: 16-bit samples, left and right."""
    with wave.open(str(path)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (2, 2, 8000)
        frames = sound.readframes(sound.getnframes())
    pairs = [frames[at : at + 4] for at in range(0, len(frames), 4)]
    return b"".join(pair[:2] for pair in pairs), b"".join(pair[2:] for pair in pairs)


def opened(folder: Path) -> RecordingFiles:
    files = RecordingFiles(folder, "name")
    files.open()
    return files


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_left_is_left_and_right_is_right(tmp_path: Path) -> None:
    files = opened(tmp_path)
    files.write(LEFT, RIGHT, b"one\n")
    files.write(RIGHT, LEFT, b"two\n")
    files.finish()
    assert names(tmp_path) == ["name.jsonl", "name.wav"]
    assert channels(tmp_path / "name.wav") == (decode_mulaw(LEFT + RIGHT), decode_mulaw(RIGHT + LEFT))
    assert (tmp_path / "name.jsonl").read_bytes() == b"one\ntwo\n"


def test_after_a_crash_what_has_been_written_plays(tmp_path: Path) -> None:
    files = opened(tmp_path)
    assert channels(tmp_path / "name.wav.part") == (b"", b"")
    files.write(LEFT, RIGHT, b"one\n")
    assert names(tmp_path) == ["name.jsonl.part", "name.wav.part"]
    assert channels(tmp_path / "name.wav.part") == (decode_mulaw(LEFT), decode_mulaw(RIGHT))
    files.salvage()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_nobody_else_may_read_them(tmp_path: Path) -> None:
    files = opened(tmp_path)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    files.finish()


def test_none_that_is_there_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "name.wav.part").write_bytes(b"precious")
    files = RecordingFiles(tmp_path, "name")
    with pytest.raises(FileExistsError):
        files.open()
    assert (tmp_path / "name.wav.part").read_bytes() == b"precious"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows deletes no file that is open")
def test_a_folder_that_is_emptied_meanwhile_is_noticed(tmp_path: Path) -> None:
    files = opened(tmp_path)
    for path in tmp_path.iterdir():
        path.unlink()
    with pytest.raises(FileNotFoundError):
        files.write(LEFT, RIGHT, b"")
    files.salvage()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_what_a_full_disk_takes_in_parts_is_written_whole(tmp_path: Path) -> None:
    """A pipe that nobody empties for a while takes less than it is given, as a disk may."""
    from io import FileIO

    from phonegame.recording.files import _write_all

    reader, writer = os.pipe()
    content = os.urandom(1_000_000)
    received = bytearray()

    def read() -> None:
        while len(received) < len(content):
            received.extend(os.read(reader, 65536))

    thread = threading.Thread(target=read)
    thread.start()
    with FileIO(writer, "w") as file:
        _write_all(file, content)
    thread.join()
    os.close(reader)
    assert received == content


def test_what_there_is_is_salvaged(tmp_path: Path) -> None:
    files = opened(tmp_path)
    files.write(LEFT, RIGHT, b"one\n")
    files.salvage()
    assert names(tmp_path) == ["name.jsonl", "name.wav"]
    assert channels(tmp_path / "name.wav")[0] == decode_mulaw(LEFT)


class TestFolder:
    def test_one_that_can_be_written_to(self, tmp_path: Path) -> None:
        assert folder_fault(tmp_path) is None
        assert names(tmp_path) == []

    def test_one_that_is_missing(self, tmp_path: Path) -> None:
        assert folder_fault(tmp_path / "none") == "does not exist; create it"

    def test_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        assert folder_fault(tmp_path / "file") == "is no folder"

    def test_one_that_cannot_be_written_to(self) -> None:
        folder = Path("/proc/self/fdinfo")
        if not folder.exists():
            pytest.skip("no folder here that even root cannot write to")
        fault = folder_fault(folder)
        assert fault is not None
        assert fault.startswith("cannot be written to (")
