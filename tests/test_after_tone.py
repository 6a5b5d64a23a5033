"""What is for an answering machine waits until it records, and is for nobody else."""

from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from phonegame.call_speech import CallSpeech
from phonegame.interruption import Interruption
from phonegame.prompts import Prompts
from phonegame.speak.running_order import MAX_SAYINGS
from phonegame.speak.saying import Dropped, Saying
from phonegame.speak.voices import Voices
from phonegame.switchboard import CallEvent, SayFinished


class Speech(CallSpeech):
    """Without a stream: what is said waits in the speaker."""

    def __init__(self) -> None:
        self.receipts: list[tuple[str, Dropped | None]] = []
        voices = Voices("none", speak_url="wss://voice.example", deepgram_key="")
        super().__init__(voices, Prompts(), Interruption("never", 1), _send, self._take)

    def _take(self, event: CallEvent) -> None:
        assert isinstance(event, SayFinished)
        self.receipts.append((event.say_id, event.receipt.dropped))

    def message(self, say_id: str) -> None:
        self.say(Saying(say_id=say_id, audio=b"\xff" * 160), after_tone=True)


async def _send(_: str) -> None:
    await trio.lowlevel.checkpoint()


async def test_it_waits_for_the_tone_and_keeps_its_order() -> None:
    speech = Speech()
    speech.await_tone()
    speech.message("a")
    speech.message("b")
    assert not speech.speaker.is_speaking
    speech.tone_heard(True)
    speech.message("c")
    speech.stop_nowait()
    assert speech.receipts == [("a", Dropped.CALL_ENDED), ("b", Dropped.CALL_ENDED), ("c", Dropped.CALL_ENDED)]


async def test_it_is_dropped_where_no_machine_records() -> None:
    speech = Speech()
    speech.await_tone()
    speech.message("a")
    speech.tone_heard(False)
    speech.message("b")
    assert speech.receipts == [("a", Dropped.NO_MACHINE), ("b", Dropped.NO_MACHINE)]


async def test_a_caller_is_no_machine() -> None:
    speech = Speech()
    speech.message("a")
    assert speech.receipts == [("a", Dropped.NO_MACHINE)]


async def test_the_game_may_clear_it() -> None:
    speech = Speech()
    speech.await_tone()
    speech.message("a")
    speech.clear()
    speech.tone_heard(True)
    assert speech.receipts == [("a", Dropped.CLEARED)]
    assert not speech.speaker.is_speaking


async def test_the_end_of_the_call_drops_it() -> None:
    speech = Speech()
    speech.await_tone()
    speech.message("a")
    speech.stop_nowait()
    speech.tone_heard(True)
    assert speech.receipts == [("a", Dropped.CALL_ENDED)]


async def test_only_so_many_may_wait() -> None:
    speech = Speech()
    speech.await_tone()
    for number in range(MAX_SAYINGS + 1):
        speech.message(str(number))
    assert speech.receipts == [(str(MAX_SAYINGS), Dropped.QUEUE_FULL)]


@pytest.mark.parametrize("heard", [True, False])
async def test_a_hang_up_waits_until_it_has_been_said(heard: bool) -> None:
    speech = Speech()
    speech.await_tone()
    speech.message("a")
    said = trio.Event()

    async def wait() -> None:
        await speech.wait_said()
        said.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        assert not said.is_set()
        speech.tone_heard(heard)
        await wait_all_tasks_blocked()
        assert said.is_set() is not heard
        speech.stop_nowait()
