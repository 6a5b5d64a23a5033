"""The part of `scripts/bench.py` that talks with characters."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from phonegame.characters.brain import Request, Text
from phonegame.characters.brains.script.brain import ScriptBrain
from phonegame.characters.entries import CallBegan, CallerSaid, CharacterSaid, Entry
from phonegame.characters.persona import Persona
from phonegame.characters.phrases import Phrases

SCRIPTS = Path(__file__).parents[2] / "scripts"

from benchmark import model, talk_texts  # noqa: E402
from benchmark.loop import Loop, clock  # noqa: E402
from benchmark.talking_call import Turn  # noqa: E402
from benchmark.timers import Timers  # noqa: E402


@pytest.mark.slow
@pytest.mark.timeout(150)
def test_a_short_run_of_conversations_finds_nothing_wrong() -> None:
    command = [sys.executable, str(SCRIPTS / "bench.py"), "--json", "--characters", "4", "--seconds", "6"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=140, check=False)
    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout)["characters"]
    assert [each["brain"] for each in measured] == ["script", "openai"]
    for each in measured:
        faults = (
            "wrong",
            "faults",
            "unseen",
            "untimed_turns",
            "uncounted_turns",
            "lost_frames",
            "calls_ended_by_server",
        )
        assert {fault: each[fault] for fault in faults} == dict.fromkeys(faults, 0), done.stderr
        assert each["turns"] == each["ours"]["count"] > 4
        assert each["stages"]["ours"]["count"] == each["turns"]
        assert each["interruptions"]["count"] > 0


def test_an_answer_is_found_by_the_last_words_of_a_question() -> None:
    for about, answer in talk_texts.ANSWERS.items():
        assert talk_texts.answer_to(talk_texts.question(3, 14, about, interrupts=True)) == answer
    assert len(set(talk_texts.ANSWERS.values())) == talk_texts.HOUSE_COUNT + talk_texts.STORY_COUNT


def test_each_sentence_of_an_answer_is_one_phrase() -> None:
    for answer in talk_texts.ANSWERS.values():
        phrases = Phrases()
        assert len([*phrases.feed(answer), *phrases.finish()]) == answer.count(".")


async def test_the_script_of_the_bench_answers_as_the_model_does() -> None:
    persona = Persona(name="Keeper", script=talk_texts.script(), greeting="Hello there.")
    entries: list[Entry] = [CallBegan("incoming"), CharacterSaid("Hello there.", cut_off=False)]
    async with ScriptBrain().open() as mind:
        for number, (about, answer) in enumerate(talk_texts.ANSWERS.items()):
            entries.append(CallerSaid(talk_texts.question(12, number, about, interrupts=number % 2 == 0)))
            async with mind.think(Request(persona, entries, (), 300)) as pieces:
                said = "".join([piece.text async for piece in pieces if isinstance(piece, Text)])
            assert said.strip() == answer
            entries.append(CharacterSaid(answer, cut_off=False))


@pytest.mark.parametrize("sentences", [1, 2])
def test_the_model_s_time_ends_with_the_first_phrase_or_the_reply(
    sentences: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "TOKEN_SECONDS", 0)
    about = next(about for about, text in talk_texts.ANSWERS.items() if text.count(".") == sentences)
    said = talk_texts.question(0, 1, about, interrupts=False)
    body = json.dumps({"model": "local", "stream": True, "messages": [{"role": "user", "content": said}]})
    with closing(Loop()) as loop:
        timers = Timers()
        service = model.ModelService(loop, timers)
        address = urlsplit(service.url)
        with socket.create_connection((address.hostname or "", address.port or 0)) as client:
            head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
            client.sendall((head + body).encode())
            while not (asked := service.asked.get(said)) or not asked[0].is_whole:
                loop.poll(0.01)
                timers.run(clock())
    assert asked[0].phrased is not None


KNOWN = {"One. Two.": bytes(800)}


def answered(*, audio: bytes = bytes(800), marks: int = 2, spoken_over: bool = False) -> Turn:
    return Turn("What?", "One. Two.", 0.0, is_spoken_over=spoken_over, audio=bytearray(audio), marks=marks)


@pytest.mark.parametrize(
    "turn", [answered(), answered(audio=bytes(160), marks=0, spoken_over=True)], ids=["heard", "spoken over"]
)
def test_an_answer_that_sounds_as_before_has_no_fault(turn: Turn) -> None:
    assert turn.fault(dict(KNOWN)) is None


@pytest.mark.parametrize(
    "turn",
    [
        answered(audio=b""),
        answered(marks=1),
        answered(audio=bytes(799) + b"x"),
        answered(audio=bytes(640)),
        answered(audio=b"x", spoken_over=True),
    ],
    ids=["nothing heard", "a sentence is missing", "another sound", "too short", "spoken over, another sound"],
)
def test_an_answer_that_does_not_has_a_fault(turn: Turn) -> None:
    assert turn.fault(dict(KNOWN)) is not None
