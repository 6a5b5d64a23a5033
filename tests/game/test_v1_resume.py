"""A game that loses its websocket keeps its code and its calls, and misses nothing."""

from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from phonegame.game import v1_session
from phonegame.game.v1_game import TAKEN_OVER
from phonegame.switchboard import CallKeyed, Expect, GameAway, GameBack, GameLeft, SeatClosed
from tests.game.arcade import Arcade, V1Client, open_arcade
from tests.leftovers import holdings

AWAY, BACK, OUT = "game away", "game back", "game out"


async def lose(arcade: Arcade, game: V1Client) -> None:
    """Says goodbye as a browser does when the page is left, which is no end."""
    await game.close(1001)
    await game.closed()
    await arcade.has_logged(AWAY)


class TestAway:
    async def test_calls_are_told_and_keep_their_game(self) -> None:
        async with open_arcade() as arcade:
            async with arcade.v1() as game:
                welcome = await game.welcome()
                call = await arcade.call(welcome["code"])
                await lose(arcade, game)
            assert call.commands == [GameAway()]
            assert welcome["code"] in arcade.switchboard.active
            async with arcade.v1() as game:
                again = await game.resume(welcome["resume_token"], 0)
                assert again["code"] == welcome["code"]
                assert call.commands == [GameAway(), GameBack()]
                assert (await game.next("call_started"))["seq"] == 1
                await game.send("say", text="I am back.")
                await game.settles()
                assert call.sayings[0].text == "I am back."
                fields = arcade.fields(BACK)
                assert (fields["code"], fields["was_away"], fields["missed"]) == (welcome["code"], True, 1)
            assert arcade.fields(AWAY)["close_code"] in (1001, 1006)

    async def test_who_calls_meanwhile_is_told_so_and_gets_the_vocabulary(self) -> None:
        async with open_arcade() as arcade:
            async with arcade.v1() as game:
                welcome = await game.welcome()
                await game.send("vocabulary", words=["pizza"])
                await game.settles()
                await lose(arcade, game)
            call = await arcade.call(welcome["code"])
            assert call.commands == [Expect(("pizza",)), GameAway()]
            async with arcade.v1() as game:
                await game.resume(welcome["resume_token"], 0)
                await game.next("call_started")
                assert call.commands[2:] == [GameBack()]

    @pytest.mark.parametrize("how", ["reset", "end of stream", "1001", "1011", "4000"])
    async def test_any_end_but_a_goodbye_is_a_loss(self, how: str) -> None:
        async with open_arcade() as arcade:
            async with arcade.v1() as game:
                code = (await game.welcome())["code"]
                if how == "reset":
                    game.socket.abort()
                elif how != "end of stream":
                    await game.close(int(how))
            fields = await arcade.has_logged(AWAY)
            assert fields["code"] == code
            assert fields["close_code"] == (int(how) if how.isdigit() else 1006)

    async def test_the_server_lets_go_of_the_lost_socket(self) -> None:
        """The task that has opened the game waits for its return; the socket's descriptor need not."""
        async with open_arcade() as arcade:
            before = holdings().sockets
            async with arcade.v1() as game:
                await game.welcome()
            await arcade.has_logged(AWAY)
            await arcade.holds(lambda: holdings().sockets == before)
            assert len(arcade.games) == 1

    async def test_it_ends_when_nobody_comes_back_in_time(self) -> None:
        async with open_arcade(away_seconds=0.05) as arcade:
            async with arcade.v1() as game:
                call = await arcade.call((await game.welcome())["code"])
                await lose(arcade, game)
            fields = await arcade.has_logged(OUT)
            assert fields["why"] == SeatClosed.AWAY_TOO_LONG.value
            assert call.commands == [GameAway(), GameLeft()]
            assert not arcade.switchboard.active

    async def test_it_is_not_waited_for_where_the_setting_is_0(self) -> None:
        async with open_arcade(away_seconds=0) as arcade:
            async with arcade.v1() as game:
                call = await arcade.call((await game.welcome())["code"])
                game.socket.abort()
            assert (await arcade.has_logged(OUT))["why"] == SeatClosed.LEFT.value
            assert call.commands == [GameLeft()]

    async def test_who_is_back_is_not_waited_for_any_more(self) -> None:
        async with open_arcade(away_seconds=0.05) as arcade:
            async with arcade.v1() as game:
                token = (await game.welcome())["resume_token"]
                await lose(arcade, game)
            async with arcade.v1() as game:
                await game.resume(token, 0)
                await trio.sleep(0.06)
                await game.settles()
                assert len(arcade.switchboard.active) == 1

    async def test_the_server_goes_down_meanwhile(self) -> None:
        async with open_arcade() as arcade:
            async with arcade.v1() as game:
                call = await arcade.call((await game.welcome())["code"])
                await lose(arcade, game)
            arcade.games.leave_nowait(SeatClosed.SHUTDOWN)
            assert call.commands == [GameAway(), GameLeft()]
            with trio.fail_after(5):
                await arcade.games.wait_until_empty()

    async def test_a_goodbye_after_a_return_ends_it(self) -> None:
        async with open_arcade() as arcade:
            async with arcade.v1() as game:
                welcome = await game.welcome()
                await lose(arcade, game)
            async with arcade.v1() as game:
                await game.resume(welcome["resume_token"], 0)
                await game.close(1000)
                await arcade.holds(lambda: not arcade.switchboard.active)
            with trio.fail_after(5):
                await arcade.games.wait_until_empty()


class TestRefused:
    async def refused(self, game: V1Client, token: str, last_seq: int, field: str | None = "resume_token") -> str:
        await game.send("resume", resume_token=token, last_seq=last_seq)
        error = await game.until("error")
        assert (error["code"], error["in_reply_to"], error.get("field")) == ("resume_failed", "resume", field)
        message: str = error["message"]
        return message

    @pytest.mark.parametrize("token", ["wrong", "", "ü", "x" * 200])
    async def test_a_wrong_token_leaves_the_game_that_was_opened(self, token: str) -> None:
        async with open_arcade() as arcade, arcade.v1() as game:
            code = (await game.welcome())["code"]
            await game.send("resume", resume_token=token, last_seq=0)
            await game.until("error")
            await arcade.call(code)
            await game.next("call_started")

    async def test_the_token_of_a_game_that_is_over_is_wrong(self) -> None:
        async with open_arcade() as arcade:
            async with arcade.v1() as game:
                token = (await game.welcome())["resume_token"]
                await game.close()
                await game.closed()
            async with arcade.v1() as game:
                await game.welcome()
                assert "over" in await self.refused(game, token, 0)

    async def test_a_seq_that_was_never_sent_and_one_that_is_gone(self) -> None:
        async with open_arcade(game_queue=10) as arcade:
            async with arcade.v1() as game:
                welcome = await game.welcome()
                call = await arcade.call(welcome["code"])
                await game.next("call_started")
                for _ in range(150):
                    call.line.deliver_nowait(CallKeyed("5"))
                    await game.next("dtmf")
                await lose(arcade, game)
            async with arcade.v1() as game:
                fresh = (await game.welcome())["code"]
                assert "152 was never sent; the last message has 151" in await self.refused(
                    game, welcome["resume_token"], 152, "last_seq"
                )
                assert "kept from 48 on, and 47 is gone" in await self.refused(
                    game, welcome["resume_token"], 46, "last_seq"
                )
                assert {fresh, welcome["code"]} == set(arcade.switchboard.active)
                await game.send("resume", resume_token=welcome["resume_token"], last_seq=47)
                assert (await game.welcome())["resumed"]
                assert [(await game.next("dtmf"))["seq"] for _ in range(48, 152)] == list(range(48, 152))

    async def test_a_socket_resumes_once_and_not_its_own_game(self) -> None:
        async with open_arcade() as arcade, arcade.v1() as one, arcade.v1() as two, arcade.v1() as three:
            tokens = [(await game.welcome())["resume_token"] for game in (one, two, three)]
            assert "that is here" in await self.refused(three, tokens[2], 0)
            await three.send("resume", resume_token=tokens[0], last_seq=0)
            assert (await three.welcome())["resumed"]
            assert "already" in await self.refused(three, tokens[1], 0, None)


class TestNoCodeFree:
    async def test_a_game_that_has_one_already_may_say_so(self) -> None:
        async with open_arcade(codes="7-7") as arcade:
            async with arcade.v1() as game:
                token = (await game.welcome())["resume_token"]
                await lose(arcade, game)
            async with arcade.v1() as game:
                error = await game.next("error")
                assert (error["code"], error.get("seq")) == ("no_code_free", None)
                await game.send("say", text="Anybody?")
                assert (await game.next("error"))["code"] == "no_code_free"
                await game.send("resume", resume_token="wrong", last_seq=0)
                assert (await game.next("error"))["code"] == "resume_failed"
                await game.send("resume", resume_token=token, last_seq=0)
                assert (await game.welcome())["code"] == "7"
                await arcade.call("7")
                assert (await game.next("call_started"))["seq"] == 1

    async def test_others_are_sent_away(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(v1_session, "RESUME_SECONDS", 0.05)
        async with open_arcade(codes="7-7") as arcade, arcade.v1() as one, arcade.v1() as two:
            await one.welcome()
            assert (await two.next("error"))["code"] == "no_code_free"
            code, reason = await two.closed()
            assert code == 1013
            assert reason is not None
            assert "No code is free" in reason

    async def test_the_server_goes_down_meanwhile(self) -> None:
        async with open_arcade(codes="7-7") as arcade, arcade.v1() as one, arcade.v1() as two:
            await one.welcome()
            await two.next("error")
            arcade.games.leave_nowait(SeatClosed.SHUTDOWN)
            assert await two.closed() == (1001, SeatClosed.SHUTDOWN.value)


class TestTakeover:
    async def test_a_socket_that_still_seems_alive_is_closed_with_a_reason(self) -> None:
        async with open_arcade() as arcade, arcade.v1() as old, arcade.v1() as new:
            welcome = await old.welcome()
            call = await arcade.call(welcome["code"])
            await old.next("call_started")
            await new.resume(welcome["resume_token"], 1)
            assert await old.closed() == (1000, TAKEN_OVER)
            call.says("hello")
            assert (await new.next("transcript"))["seq"] == 2
            assert call.commands == []

    async def test_what_the_old_one_still_says_is_ignored_and_its_end_does_no_harm(self) -> None:
        async with open_arcade() as arcade, arcade.v1() as old, arcade.v1() as new:
            welcome = await old.welcome()
            call = await arcade.call(welcome["code"])
            await new.resume(welcome["resume_token"], 0)
            await old.send("say", text="I am a ghost.")
            await old.close(1000)
            await old.closed()
            await new.send("say", text="I am here.")
            await new.settles()
            assert [saying.text for saying in call.sayings] == ["I am here."]
            assert AWAY not in arcade.events

    async def test_of_two_that_resume_at_once_one_has_the_game(self) -> None:
        async with open_arcade() as arcade, arcade.v1() as one, arcade.v1() as two:
            async with arcade.v1() as game:
                welcome = await game.welcome()
                call = await arcade.call(welcome["code"])
                for number in range(20):
                    call.says(str(number))
                await lose(arcade, game)
            await one.welcome()
            await two.welcome()
            ends: list[tuple[int, str | None]] = []
            seen: list[list[int]] = []

            async def race(contender: V1Client) -> None:
                """Until the end, or the last word. Who loses may be sent away before he is welcome."""
                await contender.send("resume", resume_token=welcome["resume_token"], last_seq=0)
                numbers = []
                while isinstance(message := await contender.receive(), dict):
                    if message["type"] == "welcome":
                        assert message["resumed"]
                        continue
                    numbers.append(message["seq"])
                    if message["seq"] == 22:
                        seen.append(numbers)
                        return
                ends.append((int(message.code), message.reason))

            async with trio.open_nursery() as nursery:
                nursery.start_soon(race, one)
                nursery.start_soon(race, two)
                await arcade.holds(lambda: len(ends) == 1)
                call.says("for the winner")
            assert ends == [(1000, TAKEN_OVER)]
            assert seen == [list(range(1, 23))]
            assert len(arcade.switchboard.active) == 1

    async def test_one_that_is_stuck_takes_nothing_from_the_one_that_follows(self) -> None:
        """Its last write comes back when it is reset, long after its successor has begun."""
        async with open_arcade() as arcade, arcade.v1() as new:
            async with arcade.v1(receive_buffer=4096) as old:
                welcome = await old.welcome()
                call = await arcade.call(welcome["code"])
                for number in range(60):
                    call.says(f"{number} " + "blah " * 2_000)
                    await wait_all_tasks_blocked()
                await new.resume(welcome["resume_token"], 0)
                old.socket.abort()
            numbers = [(await new.receive())["seq"] for _ in range(61)]  # type: ignore[index]
            assert numbers == list(range(1, 62))
            call.says("and on")
            assert (await new.next("transcript"))["seq"] == 62


async def test_receipts_come_after_a_return_too() -> None:
    async with open_arcade() as arcade:
        async with arcade.v1() as game:
            welcome = await game.welcome()
            call = await arcade.call(welcome["code"])
            await game.send("say", text="Hello.", say_id="1")
            await game.settles()
            await lose(arcade, game)
        call.finish(call.sayings[0])
        async with arcade.v1() as game:
            await game.resume(welcome["resume_token"], 1)
            await game.next("say_started")
            assert (await game.next("say_finished"))["say_id"] == "1"
