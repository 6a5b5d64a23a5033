"""Games that send more than they read: nothing is lost, nothing grows without bound, and nobody else notices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
import trio
from wsproto.events import TextMessage

from phonegame.game import v1_session
from phonegame.game.mailbox import Mailbox
from phonegame.game.v1_session import V1Session
from phonegame.switchboard import CallKeyed, GameLeft, SeatClosed
from tests.game.arcade import Arcade, PlayedCall, V1Client, open_arcade

QUEUE = 100
SAYINGS = 5000
BURST = 2000
"""Many times the queue. Each is read, too, which takes the better part of a millisecond on a busy machine."""
LONG = "blah " * 700
RECEIVE_BUFFER = 4096


def mailbox_of(arcade: Arcade, code: str) -> Mailbox:
    games = [session.own_game for session in arcade.games if isinstance(session, V1Session)]
    return next(game.mailbox for game in games if game.welcome(resumed=False).code == code)


async def send_burst(game: V1Client, count: int, text: str = "Hi.") -> None:
    for number in range(count):
        await game.send("say", text=text, say_id=str(number))


async def read_receipts(game: V1Client, count: int, every: Callable[[], object] = lambda: None) -> Counter[str]:
    """Counts by say_id. Reads a little, then lets everybody else go on."""
    receipts: Counter[str] = Counter()
    read = 0
    while receipts.total() < count:
        message = await game.receive()
        assert isinstance(message, dict), message
        read += 1
        if message["type"] == "say_finished":
            receipts[message["say_id"]] += 1
        if read % 50 == 0:
            every()
            await trio.sleep(0.001)
    return receipts


@pytest.mark.slow
async def test_a_burst_from_a_game_that_reads_slowly_gets_every_receipt_once() -> None:
    async with open_arcade(game_queue=QUEUE) as arcade, arcade.v1(RECEIVE_BUFFER) as game:
        call = await arcade.call((await game.welcome())["code"], receipts=True)
        mailbox, most = mailbox_of(arcade, call.code), list[int]()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send_burst, game, BURST)
            receipts = await read_receipts(game, BURST, lambda: most.append(mailbox.waiting))
        assert receipts == Counter(map(str, range(BURST)))
        assert max(most) <= QUEUE
        assert len(arcade.switchboard.active) == 1


@pytest.mark.slow
async def test_a_burst_that_no_caller_can_follow_is_refused_piece_by_piece() -> None:
    async with open_arcade(game_queue=QUEUE) as arcade, arcade.v1(RECEIVE_BUFFER) as game:
        call = await arcade.call((await game.welcome())["code"])
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send_burst, game, BURST)
            refused = await read_receipts(game, BURST - QUEUE)
        assert len(call.sayings) == QUEUE
        for saying in call.sayings:
            call.finish(saying)
        said = await read_receipts(game, QUEUE)
        assert refused + said == Counter(map(str, range(BURST)))


@pytest.mark.slow
async def test_a_game_that_sends_and_never_reads_is_closed_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(v1_session, "STALL_SECONDS", 0.3)
    async with open_arcade(game_queue=QUEUE) as arcade, arcade.v1(RECEIVE_BUFFER) as game, arcade.v1() as other:
        call = await arcade.call((await game.welcome())["code"], receipts=True)
        neighbour = await arcade.call((await other.welcome())["code"], "neighbour", receipts=True)
        await other.next("call_started")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send_burst, game, SAYINGS, LONG)
            while GameLeft() not in call.commands:
                await talks(other, neighbour)
            nursery.cancel_scope.cancel()
        assert len(call.sayings) < SAYINGS
        assert (await arcade.has_logged("game out"))["why"] == SeatClosed.TOO_SLOW.value
        assert len(arcade.switchboard.active) == 1
        game.socket.abort()


async def talks(game: V1Client, call: PlayedCall) -> None:
    """Both ways, within a second."""
    with trio.fail_after(1):
        call.says("hello")
        await game.next("transcript")
        await game.send("say", text="Hello yourself.")
        await game.next("say_started")
        await game.next("say_finished")


async def test_what_callers_do_is_not_kept_for_a_game_that_never_reads() -> None:
    async with open_arcade(game_queue=QUEUE) as arcade, arcade.v1(RECEIVE_BUFFER) as game, arcade.v1() as other:
        call = await arcade.call((await game.welcome())["code"])
        mailbox = mailbox_of(arcade, call.code)
        neighbour = await arcade.call((await other.welcome())["code"], "neighbour", receipts=True)
        await other.next("call_started")
        for number in range(1000):
            call.says(LONG)
            if number % 10 == 0:
                await talks(other, neighbour)
            if GameLeft() in call.commands:
                break
        assert call.commands == [GameLeft()]
        assert mailbox.waiting <= QUEUE + 1
        assert (await arcade.has_logged("game out"))["why"] == SeatClosed.TOO_SLOW.value
        messages = [await game.receive() for _ in range(QUEUE)]
        assert [message["seq"] for message in messages if isinstance(message, dict)] == list(range(1, QUEUE + 1))
        assert await game.closed() == (1013, SeatClosed.TOO_SLOW.value)


async def test_one_that_is_away_may_miss_more() -> None:
    async with open_arcade(game_queue=QUEUE) as arcade:
        async with arcade.v1() as game:
            call = await arcade.call((await game.welcome())["code"])
            game.socket.abort()
        await arcade.has_logged("game away")
        for _ in range(4 * QUEUE):
            call.line.deliver_nowait(CallKeyed("5"))
        assert len(arcade.switchboard.active) == 1
        for _ in range(QUEUE):
            call.line.deliver_nowait(CallKeyed("5"))
        assert call.commands[1:] == [GameLeft()]
        assert (await arcade.has_logged("game out"))["why"] == SeatClosed.TOO_SLOW.value


async def test_the_end_of_a_game_that_is_not_read_from_at_present_is_noticed() -> None:
    async with open_arcade(game_queue=QUEUE) as arcade:
        async with arcade.v1(RECEIVE_BUFFER) as game:
            call = await arcade.call((await game.welcome())["code"], receipts=True)
            with trio.move_on_after(0.3):
                await send_burst(game, SAYINGS, LONG)
            assert mailbox_of(arcade, call.code).waiting > QUEUE // 2
            game.socket.abort()
        await arcade.has_logged("game away")


async def test_pings_are_answered_as_fast_as_they_are_read() -> None:
    async with open_arcade(game_queue=QUEUE) as arcade, arcade.v1(RECEIVE_BUFFER) as game:
        await game.welcome()

        async def ping() -> None:
            for number in range(2000):
                await game.socket.send(TextMessage('{"type":"ping","id":%d}' % number))  # noqa: UP031

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ping)
            assert [(await game.next("pong"))["id"] for _ in range(2000)] == list(range(2000))
