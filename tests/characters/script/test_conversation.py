"""What a script can do, one thing at a time."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from phonegame.characters.brain import ActionCall, BrainError, Text
from phonegame.characters.entries import ActionDone, CallBegan, CharacterSaid
from tests.characters.script.talker import talker

TWO = """
[states.hall]
say = "You are in the hall."
[[states.hall.listen]]
hear = "go to the kitchen"
go = "kitchen"
[states.kitchen]
say = "This is the kitchen. Visit {visits}."
[[states.kitchen.listen]]
hear = "back"
go = "hall"
"""


def listening(rules: str, *, top: str = "", state: str = 'say = "Yes?"') -> str:
    return f"{top}\n[states.only]\n{state}\n{rules}"


async def test_states_are_entered_and_left() -> None:
    async with talker(TWO) as caller:
        assert await caller.call() == "You are in the hall."
        assert await caller.say("I'd go to the kitchen, please.") == "This is the kitchen. Visit 1."
        assert await caller.say("Back!") == "You are in the hall."
        assert await caller.say("go to kitchen") == "This is the kitchen. Visit 2."


async def test_the_call_begins_where_start_says() -> None:
    async with talker('start = "kitchen"' + TWO) as caller:
        assert await caller.call() == "This is the kitchen. Visit 1."


async def test_no_line_is_said_twice_in_a_row() -> None:
    script = listening('[[states.only.listen]]\nhear = "more"\nsay = ["a", "b", "c"]')
    async with talker(script) as caller:
        await caller.call()
        said = [await caller.say("more") for _ in range(50)]
    assert set(said) == {"a", "b", "c"}
    assert all(one != next_one for one, next_one in pairwise(said))


async def test_replies_are_the_same_with_the_same_seed() -> None:
    script = listening('[[states.only.listen]]\nhear = "more"\nsay = ["a", "b", "c", "d"]')
    runs = []
    for _ in range(2):
        async with talker(script, seed=7) as caller:
            await caller.call()
            runs.append([await caller.say("more") for _ in range(10)])
    assert runs[0] == runs[1]


@pytest.mark.parametrize(
    ("say", "expected"),
    [
        ('{ in_order = ["a", "b"] }', ["a", "b", "b", "b"]),
        ('{ cycle = ["a", "b"] }', ["a", "b", "a", "b"]),
        ('["a", { text = "never", if = "false" }]', ["a", "a", "a", "a"]),
        ('{ in_order = [{ text = "one", if = "n == 1" }, "more: {n}"] }', ["one", "more: 2", "more: 3", "more: 4"]),
    ],
)
async def test_order_of_lines(say: str, expected: list[str]) -> None:
    script = listening(f'[[states.only.listen]]\nhear = "more"\nadd = {{ n = 1 }}\nsay = {say}')
    async with talker(script) as caller:
        await caller.call()
        assert [await caller.say("more") for _ in expected] == expected


async def test_weights_count() -> None:
    say = '[{ text = "often", weight = 1000 }, { text = "never", weight = 0.000001 }, "x"]'
    async with talker(listening(f'[[states.only.listen]]\nhear = "more"\nsay = {say}')) as caller:
        await caller.call()
        said = [await caller.say("more") for _ in range(20)]
    assert "never" not in said
    assert said.count("often") == 10


async def test_variables_are_set_added_to_and_appended() -> None:
    script = listening(
        """
        [[states.only.listen]]
        hear = "take {what:text}"
        append = { bag = "{what}" }
        add = { weight = "{each * 2}" }
        say = "You carry {bag}, {weight} {weight:kilo|kilos}."
        [[states.only.listen]]
        hear = "drop all"
        set = { bag = [], weight = 0 }
        say = "Nothing. {bag}{weight}"
        """,
        top="[variables]\neach = 1.5",
    )
    async with talker(script) as caller:
        await caller.call()
        assert await caller.say("take the lamp") == "You carry the lamp, 3 kilos."
        assert await caller.say("take a rope") == "You carry the lamp and a rope, 6 kilos."
        assert await caller.say("drop all") == "Nothing. 0"


async def test_the_first_rule_whose_condition_holds() -> None:
    script = listening(
        """
        listen = [
          { hear = "{n:number}", if = "n > 9", say = "Too many." },
          { hear = "{n:number}", if = "n > 5", say = "Many." },
          { hear = "{n:number}", say = "Just {n}." },
        ]
        """
    )
    async with talker(script) as caller:
        await caller.call()
        assert [await caller.say(number) for number in ("twelve", "7", "two")] == ["Too many.", "Many.", "Just 2."]


async def test_a_rule_that_is_passed_over_leaves_nothing_behind() -> None:
    script = listening(
        """
        listen = [
          { hear = "{n:number}", if = "n > 9", say = "Too many." },
          { hear = "how many", say = "So far: {n}." },
        ]
        """
    )
    async with talker(script) as caller:
        await caller.call()
        await caller.say("3")
        assert await caller.say("how many") == "So far: ."


async def test_choices_lead_to_what_is_missing() -> None:
    script = """
    [states.check]
    choose = [{ if = "not name", go = "name" }, { if = "not age", go = "age" }, { say = "{name} is {age}." }]
    [states.name]
    say = "Name?"
    listen = [{ hear = "{name:word}", also = "{age:number}", go = "check" }]
    [states.age]
    say = "Age?"
    listen = [{ hear = "{age:number}", go = "check" }]
    """
    async with talker(script) as caller:
        assert await caller.call() == "Name?"
        assert await caller.say("Ada") == "Age?"
        assert await caller.say("thirty six") == "Ada is 36."
    async with talker(script) as caller:
        await caller.call()
        assert await caller.say("Ada, 36") == "Ada is 36."


async def test_the_state_comes_before_anywhere_and_open_patterns_come_last() -> None:
    script = """
    [[anywhere]]
    hear = "goodbye"
    say = "Bye."
    hang_up = true
    [[anywhere]]
    hear = "name"
    say = "anywhere"
    [states.only]
    [[states.only.listen]]
    hear = "{name:text}"
    say = "Hello {name}."
    [[states.only.listen]]
    hear = "name"
    say = "state"
    """
    async with talker(script) as caller:
        await caller.call()
        assert await caller.say("the name") == "state"
        assert await caller.say("Ada Lovelace") == "Hello Ada Lovelace."
        assert await caller.say("Goodbye, Ada") == "Bye."
        assert caller.hung_up


async def test_not_understood_gets_other_words_each_time_and_begins_anew_after_something_else() -> None:
    script = listening(
        '[[states.only.listen]]\nhear = "yes"\nsay = "Good."',
        top='else = ["Sorry?", { say = "Once more.", ask_again = true }, { say = "Enough.", hang_up = true }]',
    )
    async with talker(script) as caller:
        await caller.call()
        assert [await caller.say(what) for what in ("x", "y")] == ["Sorry?", "Once more. Yes?"]
        assert await caller.say("yes") == "Good."
        assert [await caller.say(what) for what in ("x", "y", "z")] == ["Sorry?", "Once more. Yes?", "Enough."]
        assert caller.hung_up


async def test_a_state_has_its_own_else_and_silence() -> None:
    state = 'say = "Yes?"\nelse = "What?"\nsilence = ["Hm?", "Speak!"]'
    async with talker(listening("", top='else = "no"\nsilence = "no"', state=state)) as caller:
        await caller.call()
        assert await caller.say("x") == "What?"
        assert [await caller.wait() for _ in range(3)] == ["Hm?", "Speak!", "Speak!"]
        await caller.say("x")
        assert await caller.wait() == "Hm?"


async def test_without_else_and_silence_it_asks_again() -> None:
    async with talker(listening("")) as caller:
        await caller.call()
        assert await caller.say("x") == "Sorry? Yes?"
        assert await caller.wait() == "Yes?"
    async with talker(listening("", state="")) as caller:
        assert await caller.call() == ""
        assert await caller.wait() == "Are you still there?"


async def test_repeating_says_what_was_worth_it() -> None:
    script = listening(
        '[[states.only.listen]]\nhear = "time"\nsay = "Noon."\n[[anywhere]]\nhear = "repeat"\nrepeat = true',
        top='else = "Sorry?"',
    )
    async with talker(script) as caller:
        await caller.call()
        await caller.say("time")
        await caller.say("mumble")
        assert await caller.say("repeat") == "Noon."
        assert await caller.say("repeat") == "Noon."


ACTING = """
[states.door]
say = "Well?"
[[states.door.listen]]
hear = "open the {side:word} door"
say = "I'll try."
do = "open_door"
with = { side = "{side}", tries = "{tries}", note = ["{side} door", { times = "{tries + 1}" }] }
[states.door.listen.done]
say = "Open since {result.hour}."
go = "room"
[states.door.listen.failed]
say = "It won't: {result}."
add = { tries = 1 }
[states.room]
say = "A room."
[variables]
tries = 0
"""


async def test_an_action_is_asked_for_and_its_result_is_told() -> None:
    async with talker(ACTING) as caller:
        await caller.call()
        assert await caller.say("open the left door") == "I'll try."
        assert caller.asked[0].name == "open_door"
        assert caller.arguments() == {"side": "left", "tries": 0, "note": ["left door", {"times": 1}]}
        assert await caller.answer("it is locked", failed=True) == "It won't: it is locked."
        await caller.say("open the left door")
        assert caller.arguments()["tries"] == 1
        assert await caller.answer({"hour": 8}) == "Open since 8. A room."


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ("[" * 300 + "]" * 300, "[" * 300 + "]" * 300),
        ("NaN", "NaN"),
        ("9" * 5000, None),
        ("{", "{"),
        ("[1, 2]", "1 and 2"),
    ],
)
async def test_any_result_can_be_said_and_remembered(result: str, said: str | None) -> None:
    script = 'states.a = { do = "ask", done = { set = { x = "{result}" }, say = "{result}", go = "b" } }\n[states.b]'
    async with talker(script) as caller:
        await caller.call()
        heard = await caller.answer(result)
        assert said is None or heard == said
        json.dumps(caller.mind.state, allow_nan=False)
        await caller.say("x")


async def test_halves_of_characters_reach_nobody() -> None:
    script = listening('[[states.only.listen]]\nhear = "say {x:text}"\ndo = "echo"\nwith = { x = "{x} {heard}" }')
    async with talker(script) as caller:
        await caller.call()
        await caller.say("say x\ud83d y\ud800z")
        assert caller.arguments()["x"].isprintable()


async def test_long_patterns_and_expressions_are_no_trouble() -> None:
    long = " ".join("xy"[number % 2] for number in range(98))
    condition = "-" * 290 + "1"
    script = listening(f'[[states.only.listen]]\nhear = "{long}"\nif = "{condition}"\nsay = "Phew."')
    async with talker(script) as caller:
        await caller.call()
        assert await caller.say(long) == "Phew."


async def test_ids_of_actions_are_never_used_again() -> None:
    async with talker(ACTING) as caller:
        await caller.call()
        await caller.say("open the left door")
        await caller.say("open the right door")
        assert len({call.action_id for call in caller.asked}) == 2
        caller.asked.reverse()
        assert await caller.answer({"hour": 1}) == "Open since 1. A room."


async def test_the_result_of_an_action_that_nobody_asked_for_is_passed_over() -> None:
    async with talker(ACTING) as caller:
        await caller.call()
        assert await caller.hear_answer(ActionDone("other", "{}")) == ""


async def test_states_that_lead_on_to_each_other_end() -> None:
    script = """
    [states.a]
    say = "a"
    choose = [{ if = "true", go = "b" }]
    [states.b]
    choose = [{ if = "true", go = "a" }]
    """
    async with talker(script) as caller:
        said = await caller.call()
        assert said.startswith("a a a")
        assert len(said) < 100
        assert await caller.say("x")


async def test_hanging_up_comes_behind_everything_else() -> None:
    script = 'states.a = { say = "Bye.", do = "log", hang_up = true }'
    async with talker(script) as caller:
        pieces = await caller.think([CallBegan()])
    assert [piece.text if isinstance(piece, Text) else getattr(piece, "name", "") for piece in pieces] == [
        "Bye.",
        "log",
        "hang_up",
    ]
    assert all(json.loads(piece.arguments) == {} for piece in pieces if isinstance(piece, ActionCall))


async def test_a_greeting_by_somebody_else_stands_for_the_first_state() -> None:
    async with talker(TWO) as caller:
        caller.entries += [CallBegan("outgoing"), CharacterSaid("Guess who.")]
        assert await caller.say("go to the kitchen") == "This is the kitchen. Visit 1."


async def test_direction_and_heard_are_known() -> None:
    script = 'states.a = { say = "{direction} {calls}", else = "You said {heard}" }'
    async with talker(script) as caller:
        assert await caller.call("outgoing") == "outgoing 1"
        assert await caller.say(" Hello there! ") == "You said Hello there!"


@pytest.mark.parametrize(
    ("script", "fault"),
    [("", "no script to follow"), ("no toml", "is no TOML"), ("states = 1", "must be a table")],
)
async def test_a_script_that_cannot_be_used_says_why(script: str, fault: str) -> None:
    async with talker(script) as caller:
        with pytest.raises(BrainError, match=fault):
            await caller.call()
