"""Calls that are recorded: what the files hold is what the phone has sent and heard."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from phonegame.audio import decode_mulaw, encode_mulaw
from phonegame.local.phone import Quirks
from phonegame.local.speech.marker import encode_speech
from phonegame.wire import v1
from tests.house import Caller, Game, V1Game, words_in
from tests.recording.test_files import channels, names
from tests.recording.test_left_behind import NAME as LEFT_BEHIND
from tests.recording.test_left_behind import is_killed_while_it_records
from tests.scenarios.conversation import (
    WORD_MS,
    Conversation,
    agree,
    in_conversation,
    join,
    open_talking_house,
    words,
)
from tests.scenarios.test_audio_path import Tape

NOTICE = ["this", "call", "is", "being", "recorded"]


@dataclass
class Recorded:
    """The files of one recording."""

    left: bytes
    right: bytes
    lines: list[dict[str, Any]]

    def all_of(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == event]

    @property
    def right_words(self) -> list[str]:
        return words_in(encode_mulaw(self.right))

    def right_piece(self, said: dict[str, Any]) -> bytes:
        """What the log says that was said there."""
        first = round(said["at"] * 8000) * 2
        return encode_mulaw(self.right[first : first + round(said["seconds"] * 8000) * 2])


def read(folder: Path, recording_id: str) -> Recorded:
    left, right = channels(folder / f"{recording_id}.wav")
    lines = (folder / f"{recording_id}.jsonl").read_text(encoding="utf-8").splitlines()
    return Recorded(left, right, [json.loads(line) for line in lines])


@asynccontextmanager
async def conversation(
    folder: Path, *, quirks: Quirks | None = None, **more: Any
) -> AsyncIterator[Conversation[V1Game]]:
    async with (
        open_talking_house(recordings=folder, **more) as house,
        in_conversation(house.v1_game(), house, quirks) as talking,
    ):
        yield talking


async def started(talking: Conversation[V1Game]) -> str:
    await talking.game.client.record()
    return (await talking.game.gets(v1.RecordingStarted)).recording_id


async def test_both_channels_and_the_log(tmp_path: Path) -> None:
    tape = Tape()
    async with conversation(tmp_path, quirks=Quirks(mangle=tape)) as talking:
        await talking.say("w90 w91")
        await talking.game.gets(v1.SayStarted)
        recording_id = await started(talking)
        assert talking.caller.heard_words == ["w90", "w91", *NOTICE]
        await talking.say("w00 w01", say_id="a")
        await talking.game.gets(v1.SayFinished)
        await talking.caller.says("one two")
        await talking.say(words(60, "x"), say_id="b")
        await talking.caller.reaches("x02")
        await talking.caller.phone.play(encode_speech("stop", word_ms=WORD_MS, pause_ms=120))
        finished = await talking.game.gets(v1.SayFinished)
        assert finished.interrupted
        await talking.caller.phone.key("7")
        await talking.say("w02", say_id="c")
        await talking.caller.hears_words("w02")
        await talking.game.is_in_step()
        heard = talking.caller.phone.heard
        await talking.caller.phone.hang_up()
        assert (await talking.game.gets(v1.RecordingStopped)).reason == "call_ended"
        await talking.game.gets(v1.CallEnded)
    recorded = read(tmp_path, recording_id)
    assert names(tmp_path) == [f"{recording_id}.jsonl", f"{recording_id}.wav"]

    # left: the phone's own bytes, from some moment on to its last frame; behind it silence, where something was heard
    said = decode_mulaw(tape.audio())
    assert said.rstrip(b"\0").endswith(recorded.left.rstrip(b"\0"))
    assert words_in(encode_mulaw(recorded.left)) == ["one", "two", "stop"]
    # right: what was heard behind the notice, sample for sample
    assert len(recorded.left) == len(recorded.right)
    assert recorded.right_words[:5] == ["w00", "w01", "x00", "x01", "x02"]
    heard = encode_mulaw(decode_mulaw(heard))
    for line in recorded.all_of("said"):
        piece = recorded.right_piece(line)
        # where the server cuts, a frame may be on its way
        assert (piece[: -800 if line["interrupted"] else None]) in heard

    kinds = [line["event"] for line in recorded.lines]
    assert kinds[0] == "recording_started"
    assert sorted(kinds[1:]) == sorted(["said", "caller_said", "said", "caller_said", "key", "said", "call_ended"])
    first, second, third = recorded.all_of("said")
    assert (first["heard"], first["interrupted"], second["heard"]) == ("w00 w01", False, finished.heard)
    assert (second["interrupted"], third["heard"]) == (True, "w02")
    # each saying is where the log says, and as long
    assert words_in(recorded.right_piece(first)) == ["w00", "w01"]
    assert words_in(recorded.right_piece(third)) == ["w02"]
    assert agree(finished.heard, words_in(recorded.right_piece(second)))
    utterance = recorded.all_of("caller_said")[0]
    assert utterance["text"] == "one two"
    piece = recorded.left[round(utterance["at"] * 8000) * 2 : round(utterance["until"] * 8000) * 2]
    assert words_in(encode_mulaw(piece)) == ["one", "two"]
    assert recorded.all_of("key")[0]["digit"] == "7"
    assert "+1" not in json.dumps(recorded.lines)


async def test_a_game_stops_it_and_starts_another(tmp_path: Path) -> None:
    async with conversation(tmp_path) as talking:
        first = await started(talking)
        await talking.say("w00")
        await talking.caller.hears_words("w00")
        await talking.game.client.record(on=False)
        stopped = await talking.game.gets(v1.RecordingStopped)
        assert (stopped.recording_id, stopped.reason) == (first, "asked")
        await talking.say("w01")
        await talking.caller.hears_words("w01")
        second = await started(talking)
        assert talking.caller.heard_words[-len(NOTICE) :] == NOTICE
        await talking.say("w02")
        await talking.caller.hears_words("w02")
    assert read(tmp_path, first).right_words == ["w00"]
    assert read(tmp_path, second).right_words == ["w02"]
    assert read(tmp_path, first).lines[-1]["event"] == "recording_stopped"
    assert len(names(tmp_path)) == 4


async def test_without_a_folder_it_is_refused(tmp_path: Path) -> None:
    async with open_talking_house() as house, in_conversation(house.v1_game(), house) as talking:
        await talking.game.client.record()
        error = await talking.game.gets(v1.Error)
        assert (error.code, error.call_id is not None) == ("recording_refused", True)
        assert "PHONEGAME_RECORDINGS" in error.message
        await talking.say("w00")
        await talking.caller.hears_words("w00")


async def test_without_a_voice_it_is_refused(tmp_path: Path) -> None:
    async with conversation(tmp_path, voice="none") as talking:
        await talking.game.client.record()
        error = await talking.game.gets(v1.Error)
        assert error.code == "recording_refused"
        assert "no voice" in error.message
    assert names(tmp_path) == []


async def test_whoever_hangs_up_during_the_notice_is_not_recorded(tmp_path: Path) -> None:
    async with conversation(tmp_path, prompt_recording=words(60, "n")) as talking:
        await talking.game.client.record()
        await talking.caller.reaches("n02")
        await talking.caller.phone.hang_up()
        await talking.game.gets(v1.CallEnded)
        assert not talking.game.all_of(v1.RecordingStarted)
        assert not talking.game.all_of(v1.Error)
    assert names(tmp_path) == []


async def test_a_notice_that_is_cleared_away_is_said_again(tmp_path: Path) -> None:
    async with conversation(tmp_path) as talking:
        await talking.game.client.record()
        await talking.caller.reaches("is")
        await talking.game.client.clear()
        recording_id = (await talking.game.gets(v1.RecordingStarted)).recording_id
        assert talking.caller.heard_words[-len(NOTICE) :] == NOTICE
        await talking.say("w00")
        await talking.caller.hears_words("w00")
    assert read(tmp_path, recording_id).right_words == ["w00"]


async def test_who_changes_its_mind_during_the_notice_records_nothing(tmp_path: Path) -> None:
    async with conversation(tmp_path, prompt_recording=words(60, "n")) as talking:
        await talking.game.client.record()
        await talking.caller.reaches("n02")
        await talking.game.client.record(on=False)
        await talking.caller.phone.wait_cleared()
        await talking.say("w00")
        await talking.caller.hears_words("w00")
        await talking.game.is_in_step()
        assert not talking.game.all_of(v1.RecordingStarted)
    assert names(tmp_path) == []


async def test_a_folder_that_has_vanished_is_an_error_and_the_call_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    async with conversation(folder) as talking:
        shutil.rmtree(folder)
        await talking.game.client.record()
        error = await talking.game.gets(v1.Error)
        assert error.code == "recording_refused"
        assert str(tmp_path) not in error.message
        await talking.say("w00")
        await talking.caller.hears_words("w00")


async def test_a_folder_that_vanishes_meanwhile_ends_the_recording_and_not_the_call(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    async with conversation(folder) as talking:
        await started(talking)
        await talking.caller.keeps_silent(2200)
        shutil.rmtree(folder)
        error = await talking.game.gets(v1.Error)
        assert error.code == "recording_failed"
        assert (await talking.game.gets(v1.RecordingStopped)).reason == "failed"
        await talking.say("w00")
        await talking.caller.hears_words("w00")
        assert talking.house.events.count("recording failed") == 1


async def test_two_calls_at_once_are_two_recordings(tmp_path: Path) -> None:
    async with open_talking_house(recordings=tmp_path) as house, house.v1_game() as game:
        await game.client.accept(2)
        async with house.phone() as first, house.phone() as second:
            for caller in (first, second):
                await join(caller, game)
            await game.client.record()
            ids = {
                message.player: message.recording_id for message in [await game.gets(v1.RecordingStarted) for _ in "12"]
            }
            for player, text in ((1, "a00"), (2, "b00")):
                await game.client.say(text, to=player)
            await first.hears_words("a00")
            await second.hears_words("b00")
            await first.says("one")
            await second.says("two")
            await game.reads_until(lambda: {"one", "two"} <= {each.text for each in game.all_of(v1.Transcript)})
    for player, heard, said in ((1, "a00", "one"), (2, "b00", "two")):
        recorded = read(tmp_path, ids[player])
        assert recorded.right_words == [heard]
        assert words_in(encode_mulaw(recorded.left)) == [said]
        assert [line["text"] for line in recorded.all_of("caller_said")] == [said]


async def test_a_server_that_goes_down_finishes_its_recordings_goodbye_and_all(tmp_path: Path) -> None:
    async with conversation(tmp_path, prompt_closing="w98 w99") as talking:
        recording_id = await started(talking)
        await talking.say("w00")
        await talking.caller.hears_words("w00")
        talking.house.phonegame.end_nowait()
        await talking.caller.phone.wait_ended()
    recorded = read(tmp_path, recording_id)
    assert recorded.right_words == ["w00", "w98", "w99"]
    assert recorded.all_of("call_ended")[0]["reason"] == "shutdown"
    assert [line["by"] for line in recorded.all_of("said")] == ["game", "server"]


@pytest.mark.parametrize("protocol", ["text", "v1"])
async def test_an_operator_records_every_call_from_its_beginning(protocol: str, tmp_path: Path) -> None:
    # long enough for the news that the notice has been heard, on a busy machine too
    prompts: dict[str, Any] = {"prompt_welcome": words(30, "v"), "prompt_joined": "w81"}
    async with open_talking_house(recordings=tmp_path, record="always", **prompts) as house:
        opened: Any = house.game() if protocol == "text" else house.v1_game()
        async with opened as game, house.phone() as caller:
            await caller.reaches("v29")
            await is_joined(caller, game)
            await caller.reaches("w81")
            await game.client.say("w00")
            await caller.hears_words("w00")
            if isinstance(game, V1Game):
                assert (await game.gets(v1.RecordingStarted)).recording_id
                await game.client.record(on=False)
                assert (await game.gets(v1.Error)).code == "recording_refused"
    (recording_id,) = {name.partition(".")[0] for name in names(tmp_path)}
    # the notice comes as soon as there is a file: before the welcome, or behind it where the disk is busy
    heard = caller.heard_words
    behind = heard[heard.index(NOTICE[-1]) + 1 :]
    assert behind[-2:] == ["w81", "w00"]
    # between the notice's last sound and the news of it there is a little that is not recorded
    assert read(tmp_path, recording_id).right_words[-4:] == behind[-4:]


async def is_joined(caller: Caller, game: Game | V1Game) -> None:
    await caller.phone.key(game.code)
    if isinstance(game, Game):
        await game.joined()


async def test_a_code_keyed_over_the_notice_does_not_make_it_go_away(tmp_path: Path) -> None:
    house_settings: Any = {"recordings": tmp_path, "record": "always"}
    async with (
        open_talking_house(**house_settings) as house,
        house.v1_game() as game,
        house.phone() as caller,
    ):
        await caller.reaches("call")
        await caller.phone.key(game.code)
        await game.gets(v1.RecordingStarted)
        assert caller.heard_words[-len(NOTICE) :] == NOTICE


async def test_what_a_killed_server_has_left_is_finished_at_the_next_start(tmp_path: Path) -> None:
    is_killed_while_it_records(tmp_path)
    async with open_talking_house(recordings=tmp_path):
        assert names(tmp_path) == [f"{LEFT_BEHIND}.jsonl", f"{LEFT_BEHIND}.wav"]
