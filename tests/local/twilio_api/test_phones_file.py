from __future__ import annotations

from pathlib import Path

import pytest

from phonegame.local.phone import wav
from phonegame.local.twilio_api import Answer, Answers, Busy, Declines, Fails, Lost, Machine, NoAnswer, Refused
from phonegame.local.twilio_api.phones_file import PhonesFileError, load_phones
from tests.local.twilio_api.world import CALLEE, STREAM, world

CLIP = bytes(range(16, 96)) * 10
"""No silence in it; 0.1 s."""


def load(folder: Path, text: str) -> dict[str, Answer]:
    path = folder / "phones.toml"
    path.write_text(text, encoding="utf-8")
    return load_phones(path)


@pytest.mark.parametrize(
    ("entry", "answer"),
    [
        ("rings = 2", Answers(2)),
        ("answers = 'person'", Answers()),
        ("answers = 'machine'\ngreeting = 'hello'\nends = 'silence'", Machine("hello", 1, "silence")),
        ("answers = 'busy'\nrings = 0", Busy()),
        ("answers = 'declines'", Declines()),
        ("answers = 'no-answer'", NoAnswer()),
        ("answers = 'fails'\nsip_code = 480", Fails(480)),
        ("answers = 'lost'", Lost()),
        ("answers = 'refused'\ncode = 21219", Refused(21219)),
    ],
)
def test_each_kind_of_answer(tmp_path: Path, entry: str, answer: Answer) -> None:
    assert load(tmp_path, f"['{CALLEE}']\n{entry}\n") == {CALLEE: answer}


async def test_steps_are_done_in_the_call(tmp_path: Path) -> None:
    steps = "{ listen = 0.1 }, { pause = 0.1 }, { keys = '4#' }"
    phones = load(tmp_path, f"['{CALLEE}']\nsteps = [{steps}]\nstay = 0\n")
    async with world(phones, {"/twiml": STREAM}) as here:
        await here.dial()
        call = await here.carrier.call(0)
        # keys that are pressed before there is a stream are not heard
        here.customer.say = CLIP
        here.customer.speak.set()
        assert await call.wait_over() == "completed"
        await here.customer.stopped.wait()
    assert call.handset.ended_by == "person"
    digits = [message["dtmf"]["digit"] for message in here.customer.heard if message["event"] == "dtmf"]
    assert digits == ["4", "#"]


async def test_listening_goes_on_until_the_other_side_has_spoken_and_is_silent(tmp_path: Path) -> None:
    phones = load(tmp_path, f"['{CALLEE}']\nsteps = [{{ listen = 0.1 }}, {{ keys = '4' }}]\nstay = 0\n")
    async with world(phones, {"/twiml": STREAM}) as here:
        await here.dial()
        call = await here.carrier.call(0)
        await call.handset.wait_stream()
        here.customer.say = CLIP
        here.customer.speak.set()
        assert await call.wait_over() == "completed"
        await here.customer.stopped.wait()
    assert [message["event"] for message in here.customer.heard] == ["connected", "mark", "dtmf", "stop"]


async def test_what_is_heard_is_recorded(tmp_path: Path) -> None:
    phones = load(tmp_path, f"['{CALLEE}']\nsteps = [{{ listen = 0 }}]\nstay = 0\nrecord = 'heard.wav'\n")
    async with world(phones, {"/twiml": STREAM}, keep_audio=False) as here:
        here.customer.say = CLIP
        here.customer.speak.set()
        await here.dial()
        await (await here.carrier.call(0)).wait_over()
    assert CLIP in wav.read(tmp_path / "heard.wav")


async def test_recording_that_cannot_be_written_is_an_alert(tmp_path: Path) -> None:
    phones = load(tmp_path, f"['{CALLEE}']\nstay = 0\nrecord = 'missing/heard.wav'\n")
    async with world(phones) as here:
        await here.dial()
        assert await (await here.carrier.call(0)).wait_over() == "completed"
    assert here.alert_codes == [0]


async def test_step_that_cannot_be_done_is_an_alert_and_ends_the_call(tmp_path: Path) -> None:
    phones = load(tmp_path, f"['{CALLEE}']\nsteps = [{{ pause = 0 }}, {{ wav = 'missing.wav' }}]\n")
    async with world(phones, {"/twiml": STREAM}) as here:
        await here.dial()
        assert await (await here.carrier.call(0)).wait_over() == "completed"
    assert here.alert_codes == [0]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("['+12015550101']\nanswers = 'sometimes'", "sometimes"),
        ("['+12015550101']\nring = 1", "ring"),
        ("['+12015550101']\nrings = -1", "rings"),
        ("['+12015550101']\nsteps = [{ say = 'a', keys = '1' }]", "one of"),
        ("['+12015550101']\nsteps = [{ keys = 'a' }]", "keys"),
        ("['+12015550101']\nsteps = [{ listen = 'long' }]", "listen"),
        ("['+12015550101']\nanswers = 'refused'\ncode = 1", "code"),
        ("'+12015550101' = 'busy'", "object"),
        ("[", "phones.toml"),
        ("['201 555 0101']", "201 555 0101.*such as"),
        ("['+1 201 555 0101']\nanswers = 'busy'", "such as"),
        ("['12015550101']", "such as"),
    ],
)
def test_fault_is_named(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(PhonesFileError, match=word):
        load(tmp_path, text)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PhonesFileError, match=r"none\.toml"):
        load_phones(tmp_path / "none.toml")
