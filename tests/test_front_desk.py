"""What is said and what is keyed, together: a call is patched once."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from phonegame.codes import CodePool
from phonegame.deepgram.messages import parse
from phonegame.front_desk import END_KEY_SECONDS, FrontDesk, TurnedAway
from phonegame.limits import GuessLimits
from phonegame.limits.shared import Guesses
from phonegame.listen.transcript import Heard
from phonegame.spoken import CodeBook
from phonegame.switchboard import (
    CallEnded,
    CallEnding,
    Caller,
    CallEvent,
    CallHeard,
    CallKeyed,
    CallProblem,
    CallStarted,
    Command,
    FromCall,
    Refused,
)
from phonegame.switchboard.memory import HANDOVER_SECONDS, MemorySwitchboard
from tests.listen.deepgram_says import results

CODES = ["4", "7", "42"]


def said(words: str, *, speech_final: bool = True, start: float = 1.0) -> Heard:
    raw = results(words, start, final=True)
    if not speech_final:
        raw = raw.replace('"speech_final": true', '"speech_final": false')
    message = parse(raw)
    assert message is not None
    return Heard(raw, message)


@dataclass
class House:
    """What the desk tells the call."""

    joined: int = 0
    named_wrong: list[str] = field(default_factory=list)
    turned_away: list[TurnedAway] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)

    def has_joined(self) -> None:
        self.joined += 1

    def has_named_wrong(self, said: str) -> None:
        self.named_wrong.append(said)

    def turn_away(self, why: TurnedAway) -> None:
        self.turned_away.append(why)

    def take_command(self, command: Command) -> None:
        self.commands.append(command)


@dataclass
class Hall:
    """A switchboard on which every code is shown, and a desk at it."""

    switchboard: MemorySwitchboard
    taken: dict[str, list[FromCall]]
    desk: FrontDesk
    host: House

    def events(self, code: str) -> list[CallEvent]:
        """What the game has got about the call at the desk."""
        return [from_call.event for from_call in self.taken[code] if from_call.call_id == CALLER.call_id]


CALLER = Caller(call_id="call")
STARTED = CallStarted(CALLER)


@asynccontextmanager
async def open_hall(*, wrong_codes: int = 5, guesses: GuessLimits | None = None) -> AsyncIterator[Hall]:
    book = CodeBook(CODES)
    switchboard = MemorySwitchboard(CodePool(CODES, random=random.Random(1)))
    taken: dict[str, list[FromCall]] = {}
    async with AsyncExitStack() as stack:
        for _ in CODES:
            events: list[FromCall] = []
            seat = await stack.enter_async_context(switchboard.open_seat(events.append, one_after_the_other=True))
            taken[seat.code] = events
        host = House()
        desk = FrontDesk(
            switchboard, book, CALLER, host, Guesses(guesses or GuessLimits(), 1000), wrong_codes=wrong_codes
        )
        async with trio.open_nursery() as nursery:
            nursery.start_soon(desk.receive_keys, lambda: 0.0)
            yield Hall(switchboard, taken, desk, host)
            desk.leave_nowait("hung_up")
            desk.close_nowait("hung_up", 1.0)
            nursery.cancel_scope.cancel()


async def press(desk: FrontDesk, keys: str) -> None:
    for key in keys:
        desk.press_nowait(key)
    await wait_all_tasks_blocked()


async def test_a_code_that_waits_to_be_settled_does_not_count_once_another_was_keyed() -> None:
    async with open_hall() as hall:
        await hall.desk.hear(said("4", speech_final=False))
        await press(hall.desk, "42#")
        await hall.desk.settle()
        assert hall.events("42") == [STARTED]
        assert hall.events("4") == []


async def test_keys_that_wait_to_be_settled_do_not_count_once_another_code_was_said(
    autojump_clock: MockClock,
) -> None:
    async with open_hall() as hall:
        await press(hall.desk, "4")
        await hall.desk.hear(said("code 42"))
        await trio.sleep(10)
        assert hall.events("42") == [STARTED]
        assert hall.events("4") == []


async def test_wrong_codes_do_not_count_once_the_call_is_patched() -> None:
    async with open_hall(wrong_codes=1) as hall:
        await press(hall.desk, "42#")
        await press(hall.desk, "99#")
        await hall.desk.hear(said("code 99", start=5))
        await hall.desk.settle()
        assert hall.host.turned_away == []


async def test_a_key_that_is_pressed_after_the_end_does_no_harm() -> None:
    async with open_hall() as hall:
        hall.desk.close_nowait("hung_up", 1.0)
        hall.desk.press_nowait("1")
        await wait_all_tasks_blocked()
        hall.desk.press_nowait("1")
        assert hall.host.turned_away == []


async def test_what_is_said_while_the_line_is_being_made_reaches_the_game(autojump_clock: MockClock) -> None:
    async with open_hall() as hall:
        before = await hall.switchboard.join("42", Caller(call_id="before"), lambda _: None)
        assert not isinstance(before, Refused)
        before.release_nowait()
        async with trio.open_nursery() as nursery:
            await press(hall.desk, "42#")
            nursery.start_soon(hall.desk.hear, said("one pizza", start=2))
            await trio.sleep(HANDOVER_SECONDS / 2)
            assert not hall.desk.joined.is_set()
        assert [type(event) for event in hall.events("42")] == [CallStarted, CallHeard]


@pytest.mark.parametrize("way", ["keys", "voice"])
async def test_the_last_wrong_code_turns_the_call_away_once(way: str) -> None:
    async with open_hall(wrong_codes=2) as hall:
        for number in range(4):
            if way == "keys":
                await press(hall.desk, "99#")
            else:
                await hall.desk.hear(said("99", start=number + 1.0))
        assert hall.host.turned_away == [TurnedAway.WRONG_CODES]


async def test_wrong_codes_are_named_until_the_last_one() -> None:
    async with open_hall(wrong_codes=3) as hall:
        await press(hall.desk, "99#")
        await hall.desk.hear(said("code 8"))
        assert hall.host.named_wrong == ["99", "8"]
        await press(hall.desk, "97#")
        assert hall.host.named_wrong == ["99", "8"]
        assert hall.host.turned_away == [TurnedAway.WRONG_CODES]


async def test_keys_go_to_the_game_once_there_is_a_line() -> None:
    async with open_hall() as hall:
        await press(hall.desk, "42")
        await press(hall.desk, "5*#")
        assert hall.events("42") == [STARTED, CallKeyed("5"), CallKeyed("*"), CallKeyed("#")]
        assert hall.host.joined == 1


async def test_the_key_that_ends_a_code_is_not_for_the_game() -> None:
    async with open_hall() as hall:
        await press(hall.desk, "42#")
        await press(hall.desk, "#")
        assert hall.events("42") == [STARTED, CallKeyed("#")]


async def test_nor_is_it_where_the_code_needed_it() -> None:
    async with open_hall() as hall:
        await press(hall.desk, "4#")
        await press(hall.desk, "#")
        assert hall.events("4") == [STARTED, CallKeyed("#")]


async def test_a_late_end_key_is_the_games(autojump_clock: MockClock) -> None:
    async with open_hall() as hall:
        await press(hall.desk, "42")
        await trio.sleep(END_KEY_SECONDS)
        await press(hall.desk, "#")
        assert hall.events("42") == [STARTED, CallKeyed("#")]


async def test_keys_that_are_pressed_while_the_line_is_being_made_reach_the_game(autojump_clock: MockClock) -> None:
    async with open_hall() as hall:
        before = await hall.switchboard.join("42", Caller(call_id="before"), lambda _: None)
        assert not isinstance(before, Refused)
        before.release_nowait()
        await press(hall.desk, "42#78")
        await trio.sleep(2 * HANDOVER_SECONDS)
        assert hall.events("42") == [STARTED, CallKeyed("7"), CallKeyed("8")]


async def test_the_game_learns_the_end_at_once_and_once_more_when_all_is_said() -> None:
    async with open_hall() as hall:
        await press(hall.desk, "42")
        hall.desk.leave_nowait("hung_up")
        await hall.desk.hear(said("one pizza", start=2))
        hall.desk.close_nowait("hung_up", 2.5)
        started, ending, heard, ended = hall.events("42")
        assert (started, ending, ended) == (STARTED, CallEnding("hung_up"), CallEnded("hung_up", 2.5))
        assert isinstance(heard, CallHeard)


async def test_an_outgoing_call_is_patched_without_a_code() -> None:
    async with open_hall() as hall:
        reserved = await hall.switchboard.reserve("42", CALLER, lambda _: None)
        assert not isinstance(reserved, Refused)
        await hall.desk.patch(reserved)
        await press(hall.desk, "7#")
        await hall.desk.hear(said("code 4"))
        started, *rest = hall.events("42")
        assert started == STARTED
        assert [type(event) for event in rest] == [CallKeyed, CallKeyed, CallHeard]
        assert (hall.events("7"), hall.events("4"), hall.host.joined) == ([], [], 0)


async def test_an_outgoing_call_that_has_ended_is_not_patched() -> None:
    async with open_hall() as hall:
        reserved = await hall.switchboard.reserve("42", CALLER, lambda _: None)
        assert not isinstance(reserved, Refused)
        hall.desk.leave_nowait("hung_up")
        await hall.desk.patch(reserved)
        assert hall.events("42") == []
        reserved.give_back_nowait()


async def test_wrong_codes_of_earlier_calls_count() -> None:
    guesses = GuessLimits(1)
    for _ in range(10):  # as many as all callers have together whose number is not known
        guesses.count_wrong(None, trio.current_time())
    async with open_hall(guesses=guesses) as hall:
        await press(hall.desk, "42#")
        assert hall.events("42") == []
        assert hall.host.turned_away == [TurnedAway.WRONG_CODES]


async def test_a_wrong_code_counts_for_later_calls_and_a_right_one_does_not() -> None:
    guesses = GuessLimits(1)
    for _ in range(20):
        async with open_hall(guesses=guesses) as hall:
            await press(hall.desk, "42#")
            assert hall.host.joined == 1
    for _ in range(10):
        assert guesses.allow_try(None, trio.current_time())
        async with open_hall(guesses=guesses) as hall:
            await press(hall.desk, "99#")
    assert not guesses.allow_try(None, trio.current_time())


async def test_a_caller_who_goes_in_the_very_moment_in_which_the_line_is_ready_has_not_joined() -> None:
    async with open_hall() as hall:
        before = await hall.switchboard.join("42", Caller(call_id="before"), lambda _: None)
        assert not isinstance(before, Refused)
        before.release_nowait()
        await press(hall.desk, "42")
        before.close_nowait("hung_up", 1)
        hall.desk.leave_nowait("hung_up")
        await wait_all_tasks_blocked()
        assert hall.host.joined == 0
        assert hall.events("42") == [STARTED, CallEnding("hung_up"), CallEnded("hung_up", 0)]
        after = await hall.switchboard.join("42", Caller(call_id="after"), lambda _: None)
        assert not isinstance(after, Refused)


async def test_what_a_command_brings_about_while_the_line_is_being_made_reaches_the_game() -> None:
    async with open_hall() as hall:
        hall.desk.deliver_nowait(CallProblem("vocabulary_refused", "too long"))
        await press(hall.desk, "42")
        assert hall.events("42") == [STARTED, CallProblem("vocabulary_refused", "too long")]
