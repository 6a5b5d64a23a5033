"""Every mistake in a script is told of, all at once, with its place and what to do."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phonegame.characters.brains.script.library import read_parsed, read_script
from phonegame.characters.brains.script.read import OF_SCRIPT
from phonegame.characters.persona import MAX_SCRIPT_LENGTH, Action

ACTIONS = (
    Action(name="ring"),
    Action(name="cook", parameters={"type": "object", "properties": {"dish": {}, "salt": {}}, "required": ["dish"]}),
)
FINE = '\n[states.fine]\nsay = "x"\nlisten = [{ hear = "y", say = "z" }]\n'


def errors_of(text: str) -> list[str]:
    return [str(fault) for fault in read_script(text, ACTIONS)[1].errors]


def warnings_of(text: str) -> list[str]:
    script, faults = read_script(text, ACTIONS)
    assert script is not None, faults.errors
    return [str(fault) for fault in faults.warnings]


def state(text: str) -> str:
    return f"[states.a]\n{text}\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("x =", "is no TOML: "),
        ("x" * (MAX_SCRIPT_LENGTH + 1), "has 200001 characters, and may have 200000"),
        ("", "states: there are none; a script has at least one: [states.hello]"),
        ("states = 3", "states: must be a table"),
        ("states.a = 3", "states, a: must be a table"),
        ('[states."a b"]', "states, 'a b': is no name; names are made of letters, digits and _, as in table_number"),
        ("sates = 3" + FINE, "sates: unknown; did you mean 'states'?"),
        ('start = "fin"' + FINE, "start: there is no state 'fin'; did you mean 'fine'?"),
        ('calling_again = "never"' + FINE, "calling_again: must be one of: afresh, remember, resume"),
        (state('sayy = "x"'), "state a, sayy: unknown; did you mean 'say'?"),
        (state("say = 3"), 'state a, say: must be text in quotes, or { text = "...", if = "...", weight = 2 }'),
        (state("say = []"), "state a, say: is empty"),
        (state('say = { inorder = ["x"] }'), "state a, say: a table has one of: random, in_order, cycle; did you mean"),
        (state('say = ["x", { txt = "y" }]'), "state a, say 2, txt: unknown; did you mean 'text'?"),
        (state('say = ["x", { txt = "y" }]'), "state a, say 2, text: is missing"),
        (state('say = [{ text = "x", weight = 0 }]'), "state a, say, weight: must be above 0, and at most 1000"),
        (state('say = "{x"'), "state a, say: a { without a partner"),
        (state('say = "{nmae}"\nset = { name = 1 }'), "state a, say: there is no variable 'nmae'; did you mean"),
        (state('say = "{lists.food}"'), "state a, say: there is no list 'lists.food'; there are none"),
        (state('if = "x = 1"'), "state a, if: 'x = 1': write == to compare"),
        (state('if = "x == 1"'), "state a, if: there is no variable 'x'"),
        (state('set = { x = "{y}" }'), "state a, set: there is no variable 'y'"),
        (state('set = { "x y" = 1 }'), "state a, set, 'x y': is no name"),
        (state("set = { x = 2020-01-01 }"), "state a, set, x: must be text, a number, true, false, or lists"),
        (state("set = { x = nan }"), "state a, set, x: must be text, a number"),
        (state("set = { heard = 1 }"), "'heard' is a variable that the character keeps itself; choose another name"),
        (state('go = "b"'), "state a, go: there is no state 'b'; there are: a"),
        (state('go = "a"\nhang_up = true'), "state a, go: and hang_up exclude each other"),
        (state('go = "a"'), "state a: goes round in circles without listening: a -> a"),
        (state('go = "b"') + '[states.b]\ngo = "a"', "state a: goes round in circles without listening: a -> b -> a"),
        (state('hang_up = "yes"'), "state a, hang_up: must be true or false"),
        (state("listen = 3"), "state a, listen: must be a list in [ ]"),
        (state("listen = [3]"), "state a, rule 1: must be a table"),
        (state('listen = [{ say = "x" }]'), "state a, rule 1, hear: is missing: the phrases to listen for"),
        (state('listen = [{ hear = ["x", 3] }]'), "state a, rule 1, hear 2: must be text in quotes"),
        (state('listen = [{ hear = ["x", "(y"] }]'), "state a, rule 1, hear 2: ')' is missing"),
        (state('listen = [{ hear = "x", also = "{food}" }]'), "state a, rule 1, also: {food}: 'food' is no list"),
        (state('listen = [{ hear = "x", go = "b" }]'), "state a, rule 1, go: there is no state 'b'"),
        (state('else = [{ say = "{x}" }]'), "state a, else 1, say: there is no variable 'x'"),
        (state("else = []"), "state a, else: is empty"),
        (state("silence = 3"), "state a, silence: must be text in quotes, or a table"),
        ('else = ["x", 3]' + FINE, "else 2: must be text in quotes, or a table"),
        ('anywhere = [{ hear = "x", say = "{y}" }]' + FINE, "anywhere, rule 1, say: there is no variable 'y'"),
        ('welcome_back = "{y}"' + FINE, "welcome_back: there is no variable 'y'"),
        ("variables = { x = [nan] }" + FINE, "variables, x: must be text"),
        ("lists.x = []" + FINE, "lists, x: is empty"),
        ('lists.number = ["x"]' + FINE, "lists, number: cannot be called so"),
        ('lists.x = ["{y:word}"]' + FINE, "lists, x 1: a list has no slots in it"),
        ("lists.x = [3]" + FINE, 'lists, x 1: must be text in quotes, or { value = ..., hear = "..." }'),
        ('lists.x = [{ value = 1.5, hear = "y" }]' + FINE, "lists, x 1, value: must be text in quotes, or a whole"),
        ("lists.x = [{ value = 1 }]" + FINE, "lists, x 1, hear: is missing"),
        (state('do = "rang"'), "state a, do: there is no action 'rang'; did you mean 'ring'?"),
        (state('do = "hang_up"'), "state a, do: write hang_up = true"),
        (state("with = { x = 1 }"), "state a, with: belongs to an action; say which: do = ..."),
        (state('do = "ring"\nwith = { x = 1 }'), "state a, with: ring has no parameter 'x'; it takes none"),
        (state('do = "cook"\nwith = { dsh = 1 }'), "state a, with: cook has no parameter 'dsh'; did you mean 'dish'?"),
        (state('do = "cook"\nwith = { salt = 1 }'), "state a, with: cook needs 'dish'"),
        (state('do = "ring"\ndone = { say = "{x}" }'), "state a, done, say: there is no variable 'x'"),
        (state('choose = [{ if = "x" }]'), "state a, choose 1, if: there is no variable 'x'"),
        (state("choose = [3]"), "state a, choose 1: must be a table"),
    ],
)  # fmt: skip
def test_fault(text: str, fault: str) -> None:
    found = errors_of(text)
    assert any(each.startswith(fault) for each in found), found


def test_all_faults_come_at_once() -> None:
    found = errors_of('start = "x"\n[states.a]\nsay = "{y}"\ngo = "z"\nlisten = [{ hear = "(" }]\nfoo = 1')
    assert len(found) == 5


def test_tables_within_tables_end_somewhere() -> None:
    inner = "choose = [{ " * 25 + 'say = "x"' + " }]" * 25
    assert any("deeper than 20" in fault for fault in errors_of(state(inner)))


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (FINE + state('listen = [{ hear = "y" }]'), "state a: nothing leads here"),
        (state('say = "x"'), "state a: the call stays here for good; listen, go or hang_up is missing"),
        (
            state('listen = [{ hear = "y" }, { hear = ["z", "y"] }]'),
            "state a, rule 2, hear: an earlier rule listens for 'y' already",
        ),
    ],
)
def test_warning(text: str, warning: str) -> None:
    assert warnings_of(text) == [warning]


def test_a_script_without_faults_has_none() -> None:
    assert warnings_of(FINE) == []


def test_actions_that_are_not_known_are_not_checked() -> None:
    script, faults = read_script(state('do = "whatever"\nwith = { x = 1 }\nhang_up = true'))
    assert script is not None
    assert faults.found == []


values = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=8),
        st.sampled_from(["{x}", "{x:number}", "(a|b)", "x == 1", "a", "= x"]),
        st.dates(),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from([*OF_SCRIPT, "a", "listen", "hear", "also", "say", "choose", "set", "if", "go", "do",
                             "with", "done", "failed", "text", "weight", "in_order", "value", "hang_up"]),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=20,
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.sampled_from([*OF_SCRIPT, "x"]), values), st.dictionaries(st.sampled_from("ab"), values))
def test_whatever_toml_holds_is_a_script_or_has_faults(content: dict[str, object], states: dict[str, object]) -> None:
    script, faults = read_parsed({"states": states, **content}, ACTIONS)
    assert (script is None) == bool(faults.errors)


@settings(deadline=None)
@given(st.text(max_size=100))
def test_whatever_a_text_is_it_does_not_fail(text: str) -> None:
    script, faults = read_script(text)
    assert (script is None) == bool(faults.errors)
