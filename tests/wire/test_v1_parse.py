from __future__ import annotations

import base64
import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.characters.persona import Action, Persona
from phonegame.speak.saying import Priority, Saying
from phonegame.switchboard import ALL
from phonegame.wire.v1 import (
    Accept,
    ActionResult,
    Character,
    CharacterStop,
    Clear,
    Dial,
    Error,
    HangUp,
    Ignored,
    Malformed,
    Ping,
    Play,
    Pong,
    Record,
    Resume,
    Say,
    Vocabulary,
    encode,
    parse,
)
from tests.wire.messages import CLIP, FROM_GAME, SCRIPT


def malformed(message: str | dict[str, Any]) -> Malformed:
    parsed = parse(message if isinstance(message, str) else json.dumps(message))
    assert isinstance(parsed, Malformed), parsed
    return parsed


def test_each_message_is_understood() -> None:
    assert [parse(json.dumps(message)) for message in FROM_GAME] == [
        Say(text="Hello"),
        Say(
            text="Héllo 🍕",
            say_id="s-1",
            players=(1, 2, 16),
            voice="espeak:en-gb",
            priority=Priority.NOW,
            interruptible=False,
            start_within=2.5,
        ),
        Play(clip=CLIP, call_id="c1", say_id="p"),
        Clear(),
        Clear(players=(3,)),
        HangUp(call_id="c1", at_once=True),
        Vocabulary(words=("pepperoni", "extra cheese")),
        Vocabulary(words=()),
        Say(text="Call us back.", after_tone=True),
        Accept(callers=4),
        Dial(to="+12025550123"),
        Dial(to="+1 (202) 555-0123", dial_id="d-1"),
        Record(),
        Record(on=False, players=(2,)),
        Dial(to="+12025550123", character="pizzeria"),
        Dial(to="+12025550123", character=Persona(name="Guido", persona="A cook.", message="Call me.")),
        Character(character="pizzeria", players=(1,)),
        Character(
            character=Persona(
                name="Guido",
                persona="A cook.",
                greeting="Pronto!",
                voice="espeak:it",
                actions=(Action(name="bake", description="Bakes.", parameters={"type": "object"}, seconds=2.5),),
                patience=0.5,
                silence_seconds=20,
                silence_prompt="Hello?",
                goodbye="Ciao.",
                filler="Hm.",
                excuse="Sorry.",
                vocabulary=("pizza",),
            ),
            words=("pizza",),
            call_id="c1",
        ),
        Character(character=Persona(name="Witness", script=SCRIPT, vocabulary=("goodbye",))),
        CharacterStop(),
        CharacterStop(players=(2,)),
        ActionResult(action_id="a1"),
        ActionResult(action_id="a1", result={"minutes": [20, None]}, failed=True, call_id="c1"),
        Resume(resume_token="token", last_seq=17),
        Ping(),
        Ping(id="a"),
        Ping(id=7),
        Ping(id=0.5),
    ]


@pytest.mark.parametrize(
    ("message", "to"),
    [
        (Say(text="x"), ALL),
        (Clear(call_id="c1"), ("c1",)),
        (HangUp(players=(2, 1)), (2, 1)),
        pytest.param(Say(text="x", players=(2, 2)), (2,), id="said twice, meant once"),
        pytest.param(Say(text="x", players=()), (), id="nobody"),
    ],
)
def test_whom_it_is_for(message: Say | Clear | HangUp, to: object) -> None:
    assert message.to == to


def test_a_say_becomes_a_saying_with_all_that_was_asked_for() -> None:
    say = Say(text="x", voice="v", priority=Priority.NEXT, interruptible=False, start_within=2.0)
    assert say.saying("s1") == Saying(
        say_id="s1", text="x", voice="v", priority=Priority.NEXT, interruptible=False, start_within=2.0
    )


def test_a_play_becomes_a_saying_with_all_that_was_asked_for() -> None:
    play = Play(clip=CLIP, priority=Priority.NEXT, interruptible=False, start_within=2.0)
    assert play.saying("s1") == Saying(
        say_id="s1", audio=CLIP, priority=Priority.NEXT, interruptible=False, start_within=2.0
    )


def test_unknown_types_are_ignored() -> None:
    assert parse('{"type": "sing", "song": 5}') == Ignored("sing")


def test_unknown_fields_are_ignored() -> None:
    assert parse('{"type": "say", "mood": {"joy": [1e400]}, "text": "hi"}') == Say(text="hi")


def test_type_may_come_last() -> None:
    assert parse('{"text": "hi", "type": "say"}') == Say(text="hi")


def test_null_is_as_good_as_nothing() -> None:
    text = '{"type": "say", "text": "hi", "say_id": null, "players": null, "priority": null, "interruptible": null}'
    assert parse(text) == Say(text="hi")


def test_whole_numbers_may_be_floats_as_godot_sends_them() -> None:
    assert parse('{"type": "say", "text": "hi", "players": [1.0, 2.0]}') == Say(text="hi", players=(1, 2))
    assert parse('{"type": "resume", "resume_token": "t", "last_seq": 17.0}') == Resume(resume_token="t", last_seq=17)


SAY = {"type": "say", "text": "hi"}


@pytest.mark.parametrize(
    ("message", "field", "what"),
    [
        ({"type": "say"}, "text", "text: is missing"),
        ({"type": "say", "text": None}, "text", "text: is missing"),
        ({"type": "say", "text": ""}, "text", "text: is empty"),
        ({"type": "say", "text": "x" * 4001}, "text", "text: 4001 characters, and at most 4000 are allowed"),
        ({"type": "say", "text": ["hi"]}, "text", "text: is a list, and must be a string"),
        (SAY | {"priority": "later"}, "priority", "priority: 'later' is not one of queue, next, now"),
        (SAY | {"priority": "x" * 99}, "priority", f"priority: '{'x' * 40}...' is not one of queue, next, now"),
        (SAY | {"priority": 5}, "priority", "priority: is a number, and must be one of queue, next, now"),
        (SAY | {"interruptible": "no"}, "interruptible", "interruptible: is a string, and must be true or false"),
        (SAY | {"start_within": -0.5}, "start_within", "start_within: -0.5 is not from 0 to 600"),
        (SAY | {"start_within": "2"}, "start_within", "start_within: is a string, and must be a number"),
        (SAY | {"start_within": True}, "start_within", "start_within: is true, and must be a number"),
        (SAY | {"players": 1}, "players", "players: is a number, and must be a list"),
        (SAY | {"players": [1, 0]}, "players[1]", "players[1]: 0 is not from 1 to 16"),
        (SAY | {"players": [1.5]}, "players[0]", "players[0]: 1.5 is not a whole number"),
        (SAY | {"players": [1] * 17}, "players", "players: 17 entries, and at most 16 are allowed"),
        (SAY | {"players": [None]}, "players[0]", "players[0]: is null, and must be a whole number"),
        (SAY | {"players": [1], "call_id": "c"}, "players", "players: is there, and so is call_id; give only one"),
        (SAY | {"voice": {}}, "voice", "voice: is an object, and must be a string"),
        ({"type": "vocabulary", "words": ["a", 5]}, "words[1]", "words[1]: is a number, and must be a string"),
        ({"type": "vocabulary", "words": ["a"] * 101}, "words", "words: 101 entries, and at most 100 are allowed"),
        ({"type": "accept", "callers": 17}, "callers", "callers: 17 is not from 1 to 16"),
        ({"type": "accept", "callers": 10**400}, "callers", "callers: is too large a number; from 1 to 16"),
        ({"type": "ping", "id": [1]}, "id", "id: is a list, and must be a string or a number"),
        (
            {"type": "ping", "id": 2**60},
            "id",
            "id: 1152921504606846976 is not from -9007199254740991 to 9007199254740991",
        ),
        ({"type": "ping", "id": "x" * 65}, "id", "id: 65 characters, and at most 64 are allowed"),
        ({"type": "play", "audio": "AAAA", "format": "mp3"}, "format", "format: 'mp3' is not one of mulaw, wav"),
        ({"text": "hi"}, "type", 'type: is missing, as in {"type": "say", "text": "Hello"}'),
        ({"type": 5}, "type", 'type: must be a string, as in {"type": "say", "text": "Hello"}'),
    ],
    ids=lambda value: value[:50] if isinstance(value, str) else "",
)
def test_what_is_wrong_is_named_for_the_games_developer(message: dict[str, Any], field: str, what: str) -> None:
    parsed = malformed(message)
    assert (parsed.field, parsed.message, parsed.code) == (field, what, "malformed")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "no JSON"),
        ("hello", "no JSON"),
        ("{'type': 'say'}", "double quotes"),
        ('{"type": "say", "text": "hi"', "no JSON"),
        ('{"type": "say", "text": "hi"} {}', "no JSON"),
        ('{"type": "say", "text": "hi", "start_within": NaN}', "NaN is no JSON"),
        ("[]", "no JSON object"),
        ("5", "no JSON object"),
        ("null", "no JSON object"),
        ("[" * 200_000, "nested too deeply"),
        ('{"type":"say","text":"hi","a":' + '{"a":' * 200_000, "nested too deeply"),
        (r'{"type": "say", "text": "\ud83c"}', "surrogate"),
        ('{"type": "say", "text": "\ud83c"}', "surrogate"),
        ('\ufeff{"type": "ping"}', "no JSON"),
    ],
    ids=lambda text: text[:30].encode("ascii", "replace").decode(),
)
def test_what_is_no_json_object_is_malformed(text: str, what: str) -> None:
    parsed = malformed(text)
    assert what in parsed.message
    assert (parsed.in_reply_to, parsed.field) == (None, None)


def test_the_last_of_two_fields_of_a_name_counts() -> None:
    assert parse('{"type": "say", "text": "a", "text": "b"}') == Say(text="b")
    assert parse('{"type": "say", "text": 5, "text": "b"}') == Say(text="b")


def test_the_error_says_which_message_it_is_about() -> None:
    assert malformed({"type": "say", "say_id": "s1", "text": 5}).error == Error(
        code="malformed",
        message="text: is a number, and must be a string",
        in_reply_to="say",
        field="text",
        say_id="s1",
    )


@pytest.mark.parametrize("say_id", [5, "", "x" * 65, ["s1"]])
def test_a_say_id_that_is_none_is_not_sent_back(say_id: object) -> None:
    assert malformed({"type": "say", "text": "hi", "say_id": say_id}).say_id is None


def test_a_clip_that_cannot_be_played_is_a_bad_clip() -> None:
    parsed = malformed({"type": "play", "say_id": "p1", "audio": base64.b64encode(b"OggS....").decode()})
    assert (parsed.code, parsed.field, parsed.say_id) == ("bad_clip", "audio", "p1")
    assert parsed.message == "audio: it is no WAV file but Ogg; convert it to WAV"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
    max_leaves=8,
)


@given(st.text(st.characters()) | st.binary().map(lambda some: some.decode("latin-1")))
def test_any_text_has_an_outcome(text: str) -> None:
    assert isinstance(parse(text), msgspec.Struct)


@given(JSON)
def test_any_json_has_an_outcome(value: object) -> None:
    assert isinstance(parse(json.dumps(value)), msgspec.Struct)


BLAMED = {"use": ("name",), "script": ("persona",), "name": ("script",), "actions": ("script",)}


@given(st.sampled_from(FROM_GAME), st.data())
def test_a_message_with_one_field_changed_is_understood_or_that_field_is_named(
    message: dict[str, Any], data: st.DataObject
) -> None:
    field = data.draw(st.sampled_from([name for name in message if name != "type"] or ["players"]))
    value = data.draw(JSON)
    parsed = parse(json.dumps(message | {field: value}))
    if isinstance(parsed, Malformed) and parsed.field is not None:
        # another format makes nonsense of the audio
        at_fault = re.split(r"[\[.]", parsed.field)[0]
        # of a character, what is missing may be what was changed to nothing; `use` excludes all else
        assert at_fault in ("audio" if parsed.code == "bad_clip" else field, *BLAMED.get(field, ()))
        assert parsed.message.startswith(parsed.field + ": ")
        assert "`" not in parsed.message
    elif isinstance(parsed, Malformed):
        assert "no JSON" in parsed.message or "surrogate" in parsed.message


@given(st.sampled_from(FROM_GAME), st.data())
def test_a_message_cut_short_has_an_outcome(message: dict[str, Any], data: st.DataObject) -> None:
    text = json.dumps(message)
    assert isinstance(parse(text[: data.draw(st.integers(0, len(text) - 1))]), Malformed)


@given(st.text(max_size=100) | st.integers() | st.floats())
def test_whatever_id_a_ping_has_can_be_sent_back(id: object) -> None:  # noqa: A002
    parsed = parse(json.dumps({"type": "ping", "id": id}))
    if isinstance(parsed, Ping):
        assert json.loads(encode(Pong(id=parsed.id), None)) == {"type": "pong", "id": id}
