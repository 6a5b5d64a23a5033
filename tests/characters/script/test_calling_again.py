"""What a script keeps from one call to the next, and while its file is changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phonegame.characters.brains.script.library import read_script
from phonegame.characters.brains.script.progress import Progress, from_json
from tests.characters.script.talker import talker
from tests.characters.talker import Talker

SCRIPT = """
calling_again = "AGAIN"
welcome_back = "You again."
[variables]
coins = 5
[states.gate]
say = "Pay. You have {coins}."
[[states.gate.listen]]
hear = "pay"
add = { coins = -1 }
go = "market"
[states.market]
say = "The market, {coins} left."
[[states.market.listen]]
hear = "leave"
say = "Bye."
hang_up = true
"""


async def first_call(caller: Talker, *said: str) -> Any:
    await caller.call()
    for words in said:
        await caller.say(words)
    return json.loads(json.dumps(caller.mind.state))


@pytest.mark.parametrize(
    ("again", "expected"),
    [
        ("afresh", "Pay. You have 5."),
        ("remember", "You again. Pay. You have 4."),
        ("resume", "You again. The market, 4 left."),
    ],
)
async def test_calling_again(again: str, expected: str) -> None:
    script = SCRIPT.replace("AGAIN", again)
    async with talker(script) as caller:
        state = await first_call(caller, "pay")
    async with talker(script, state) as caller:
        assert await caller.call() == expected


async def test_a_conversation_that_has_come_to_its_end_is_not_resumed() -> None:
    script = SCRIPT.replace("AGAIN", "resume")
    async with talker(script) as caller:
        state = await first_call(caller, "pay", "leave")
    async with talker(script, state) as caller:
        assert await caller.call() == "You again. Pay. You have 4."


async def test_a_changed_script_keeps_the_state_and_the_variables() -> None:
    async with talker(SCRIPT.replace("AGAIN", "afresh")) as caller:
        await first_call(caller, "pay")
        caller.script = caller.script.replace("Bye", "Farewell").replace("coins = 5", "coins = 9\nhats = 1")
        caller.script = caller.script.replace('"Farewell."', '"Farewell with {coins} and {hats}."')
        assert await caller.say("leave") == "Farewell with 4 and 1."


async def test_a_changed_script_without_the_state_begins_at_its_start() -> None:
    async with talker(SCRIPT.replace("AGAIN", "afresh")) as caller:
        await first_call(caller, "pay")
        caller.script = caller.script.replace("market", "bazaar")
        assert await caller.say("pay") == "The bazaar, 3 left."


@pytest.mark.parametrize(
    "state", [None, 3, "gate", [], {}, {"state": 3}, {"variables": []}, {"state": "nowhere", "calls": 1}]
)
async def test_a_state_that_cannot_be_used_is_as_good_as_none(state: Any) -> None:
    async with talker(SCRIPT.replace("AGAIN", "resume"), state) as caller:
        assert (await caller.call()).endswith("Pay. You have 5.")


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)
RESUMED, _ = read_script(SCRIPT.replace("AGAIN", "resume"))
fields = st.sampled_from(Progress.__struct_fields__)


@given(st.one_of(json_values, st.dictionaries(fields, json_values, max_size=4)))
@settings(deadline=None, max_examples=60)
def test_any_state_can_be_gone_on_from(state: Any) -> None:
    script = RESUMED
    assert script is not None
    progress = from_json(state)
    progress.begin_call(script, "incoming")
    assert progress.state in script.states
    json.dumps(progress.as_json())
