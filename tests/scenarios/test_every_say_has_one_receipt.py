"""Whatever happens: each saying gets exactly one receipt, the receipts tell what was heard, and the call lives."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest
import trio

from phonegame.local.speech.marker import encode_speech
from phonegame.local.speech.script import Script
from phonegame.local.speech.speaking.script import CloseWhen, SpeakPlan, When, refuse_to_speak
from phonegame.speak.saying import Dropped, Priority
from phonegame.wire import v1
from tests.house import V1Game
from tests.scenarios.conversation import WORD_MS, Conversation, conversation, words

SAYINGS = 40


def flaky(source: random.Random) -> list[SpeakPlan]:
    """Most connections to the voices work for a while."""
    bad = [
        SpeakPlan(drop=When(bytes=source.randrange(4000))),
        SpeakPlan(close=CloseWhen(bytes=source.randrange(4000))),
        SpeakPlan(close=CloseWhen(characters=source.randrange(200), code=1008, reason="DATA-0001: too many")),
        refuse_to_speak(503),
        SpeakPlan(leak_bytes=1600),
    ]
    return [source.choice([SpeakPlan(), *bad]) for _ in range(30)]


@dataclass
class Receipts:
    finished: dict[str, v1.SayFinished] = field(default_factory=dict)
    started: list[str] = field(default_factory=list)

    async def read(self, game: V1Game) -> None:
        """Until the call ends."""
        while not isinstance(message := await game.next(), v1.CallEnded):
            match message:
                case v1.SayStarted(say_id=say_id):
                    assert say_id not in self.started
                    assert say_id not in self.finished
                    self.started.append(say_id)
                case v1.SayFinished(say_id=say_id):
                    assert say_id not in self.finished
                    self.finished[say_id] = message


async def ask_for_all_kinds_of_things(talking: Conversation[V1Game], source: random.Random) -> None:
    for number in range(SAYINGS):
        if source.random() < 0.1:
            await talking.game.client.clear()
        await talking.say(
            f"{number:02}: {words(source.randrange(8))}. {words(source.randrange(1, 8))}.",
            say_id=str(number),
            priority=source.choice([Priority.QUEUE, Priority.QUEUE, Priority.NEXT, Priority.NOW]),
            interruptible=source.random() < 0.7,
            start_within=source.choice([None, None, None, 0.0, 0.3]),
            voice=source.choice([None, None, None, None, "nobody", "aura-2-zeus-en"]),
        )
        await trio.sleep(source.random() * 0.15)


async def speak_now_and_then(talking: Conversation[V1Game], source: random.Random) -> None:
    while True:
        await talking.caller.keeps_silent(source.randrange(100, 600))
        await talking.caller.phone.play(encode_speech("stop it", word_ms=WORD_MS, pause_ms=100))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
async def test_in_a_call_where_much_goes_wrong(seed: int) -> None:
    source = random.Random(seed)
    receipts = Receipts()
    async with conversation(script=Script(speak=flaky(source))) as talking:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(receipts.read, talking.game)
            async with trio.open_nursery() as caller:
                caller.start_soon(speak_now_and_then, talking, source)
                await ask_for_all_kinds_of_things(talking, source)
                caller.cancel_scope.cancel()
            # in a voice that has no faults: the call lives
            await talking.say("hi", say_id="last", voice="espeak:en-us", interruptible=False)
            await talking.game.client.hangup()
        await talking.caller.is_hung_up_on("the game hung up")
        assert receipts.finished.keys() == {"last", *map(str, range(SAYINGS))}
        assert receipts.finished["last"].dropped is None
        heard = [each for each in receipts.finished.values() if each.dropped is None and not each.interrupted]
        assert {each.say_id for each in heard} <= set(receipts.started)
        # what counts as heard was played, in that order
        numbers = [f"{int(each.say_id):02}" for each in heard if each.say_id != "last"]
        assert [word for word in talking.caller.heard_words if word in numbers] == numbers
        assert numbers
        assert Dropped.CALL_ENDED not in {each.dropped for each in receipts.finished.values()}
        assert talking.caller.phone.complaints == []
        assert talking.house.errors == []
