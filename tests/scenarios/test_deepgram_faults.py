"""Deepgram refuses, drops, stalls, loses things. The caller's words do not suffer where that can be helped."""

from __future__ import annotations

import pytest
import trio

from phonegame.local.speech.marker import encode_speech
from phonegame.local.speech.script import CloseAfter, Plan, Script, Send, refuse
from phonegame.local.text_game import Heard
from tests.house import KEY, Game, House, open_house

WORDS = [f"word{number}" for number in range(14)]


async def join(house: House, game: Game, key: object) -> None:
    await key(game.code + "#")  # type: ignore[operator]
    await game.joined()


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (400, "DEEPGRAM_URL"),
        (401, "DEEPGRAM_API_KEY"),
        (402, "DEEPGRAM_API_KEY"),
        (403, "DEEPGRAM_API_KEY"),
    ],
)
async def test_a_refusal_ends_the_call_and_the_log_names_the_setting(
    status: int, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_house(script=Script(then=refuse(status))) as house, house.phone() as caller:
        ended = await caller.phone.wait_ended()
        assert ended.reason == "Deepgram cannot be used"
    log = capsys.readouterr().err
    assert hint in log
    assert f"HTTP {status}" in log
    assert KEY not in log


@pytest.mark.parametrize("status", [429, 503])
async def test_a_passing_refusal_is_tried_again(status: int) -> None:
    script = Script([refuse(status), refuse(status)])
    async with open_house(script=script) as house, house.game() as game, house.phone() as caller:
        await caller.says(game.code)
        await game.joined()
        assert len(house.speech.connections) == 3


async def test_a_call_is_ended_when_deepgram_stays_away() -> None:
    async with open_house(script=Script(then=refuse(503)), reconnect_seconds=1) as house, house.phone() as caller:
        ended = await caller.phone.wait_ended()
        assert ended.reason == "Deepgram cannot be used"


@pytest.mark.parametrize("drop_after", [0.8, 1.034, 1.6])
@pytest.mark.parametrize("way", ["drop", "close"])
async def test_no_word_is_lost_and_none_comes_twice_when_deepgram_drops_mid_sentence(
    drop_after: float, way: str
) -> None:
    plan = Plan(drop_after=drop_after) if way == "drop" else Plan(close_after=CloseAfter(drop_after))
    async with open_house(script=Script([plan])) as house, house.game() as game, house.phone() as caller:
        await join(house, game, caller.phone.key)
        await caller.phone.play(encode_speech(" ".join(WORDS), word_ms=60, pause_ms=200))
        await game.hears_words(WORDS)


async def test_result_times_stay_those_of_the_call_after_a_reconnect() -> None:
    async with open_house(script=Script([Plan(drop_after=1.0)])) as house, house.game() as game:
        async with house.phone() as caller:
            await join(house, game, caller.phone.key)
            await caller.keeps_silent(700)
            await caller.says("here i am", pause_ms=300)
            # the phone's first frame is 0.1 s late, as Twilio's is: the call's audio begins there
            spoken_until = caller.phone.seconds - 0.1 - 0.3
            event = await game.next()
            assert isinstance(event, Heard)
        # a final ends where the silence was long enough, 60 ms later
        assert event.start + event.duration == pytest.approx(spoken_until + 0.06, abs=0.15)


@pytest.mark.parametrize(
    "plan", [pytest.param(Plan(stall_after=0.8), id="stalled"), pytest.param(Plan(mute_after=0.8), id="mute")]
)
async def test_a_deepgram_that_answers_no_more_is_replaced(plan: Plan) -> None:
    async with (
        open_house(script=Script([plan]), stall_seconds=1.1) as house,
        house.game() as game,
        house.phone() as caller,
    ):
        await join(house, game, caller.phone.key)
        await caller.phone.play(encode_speech(" ".join(WORDS), word_ms=60, pause_ms=200))
        await game.hears_words(WORDS)


async def test_an_interim_whose_final_never_comes_is_delivered_as_final() -> None:
    script = Script(then=Plan(lose_finals=True, ignore_finalize=True))
    async with open_house(script=script, final_seconds=0.3) as house, house.game() as game, house.phone() as caller:
        await join(house, game, caller.phone.key)
        await caller.says("pepperoni please")
        await game.hears("pepperoni please")
        await caller.says("extra cheese")
        await game.hears("extra cheese")
        assert "Finalize" in (await house.speech.connection(0)).control_types


async def test_garbage_from_deepgram_does_no_harm() -> None:
    garbage = tuple(Send(data, at=0.3) for data in ("no json", b"\x00\x01", "[]", '{"type":7}', '{"type":"Results"}'))
    async with (
        open_house(script=Script([Plan(garbage=garbage)])) as house,
        house.game() as game,
        house.phone() as caller,
    ):
        await caller.says(game.code)
        await game.joined()
        await caller.says("all is well")
        await game.hears("all is well")


async def test_an_unknown_message_reaches_the_game_as_it_came() -> None:
    unknown = '{"type":"Weather",  "sunny":true}'
    script = Script([Plan(garbage=(Send(unknown, at=1.0),))])
    async with open_house(script=script) as house, house.game() as game, house.phone() as caller:
        await join(house, game, caller.phone.key)
        with trio.fail_after(5):
            while getattr(await game.client.receive(), "text", None) != unknown:
                pass


async def test_a_late_deepgram_is_waited_for_no_longer_than_drain_seconds() -> None:
    script = Script(then=Plan(ignore_close=True))
    async with open_house(script=script, drain_seconds=0.3) as house, house.game() as game:
        async with house.phone() as caller:
            await join(house, game, caller.phone.key)
        with trio.fail_after(2):
            await house.phonegame.calls.wait_until_empty()
