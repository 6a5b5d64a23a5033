"""Who a character is: the same whether a game's message or a file tells it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

MAX_ACTIONS = 32
MAX_PERSONA_LENGTH = 20_000
"""Characters: some five thousand tokens, which a model reads anew at each turn."""
MAX_SCRIPT_LENGTH = 200_000
HANG_UP = "hang_up"
"""The action that every character has: it says goodbye, and the call ends when that has been heard."""

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""As OpenAI and Anthropic take names of tools."""


class Action(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that the character can have done in the game's world."""

    name: Name
    description: Annotated[str, Meta(max_length=1000, description="For a model: what it is good for.")] = ""
    parameters: Annotated[
        dict[str, Any], Meta(description="JSON Schema of an object, without references. Empty: it takes none.")
    ] = {}
    seconds: Annotated[
        float, Meta(gt=0, le=60, description="How long its result may take; after that it has failed.")
    ] = 5


class Persona(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A character. With a `script` it follows that; otherwise the server's model plays it."""

    name: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=64,
            description="Whose memory it is: callers who call again find the character of this name again.",
        ),
    ]
    persona: Annotated[
        str,
        Meta(max_length=MAX_PERSONA_LENGTH, description="Who it is, what it knows, how it speaks: for a model."),
    ] = ""
    script: Annotated[
        str, Meta(max_length=MAX_SCRIPT_LENGTH, description="TOML: `phonegame character format`. Empty: a model.")
    ] = ""
    greeting: Annotated[
        str, Meta(max_length=1000, description="Said first. Empty: whatever the script or the model says first.")
    ] = ""
    voice: Annotated[
        Annotated[str, Meta(min_length=1, max_length=100)] | None,
        Meta(description="Name of a voice, as in `say`. Otherwise the server's own."),
    ] = None
    actions: Annotated[
        tuple[Action, ...],
        Meta(max_length=MAX_ACTIONS, description="What it can have done; `hang_up` is there without being declared."),
    ] = ()
    patience: Annotated[
        float,
        Meta(ge=0, le=5, description="Seconds that who has stopped in the midst of a sentence may take to go on."),
    ] = 0.7
    silence_seconds: Annotated[
        float,
        Meta(
            ge=0,
            le=600,
            description="Who says nothing for so long is asked; after as long again comes the goodbye. 0: never.",
        ),
    ] = 10
    silence_prompt: Annotated[
        str, Meta(max_length=300, description="What is asked then. Empty: the script or the model is, each time.")
    ] = "Are you still there?"
    goodbye: Annotated[str, Meta(max_length=150, description="To a caller who stays silent.")] = "Goodbye."
    filler: Annotated[str, Meta(max_length=100, description="Said when a reply takes long. Empty: nothing.")] = (
        "One moment."
    )
    excuse: Annotated[str, Meta(max_length=150, description="Said when the model fails.")] = (
        "I am sorry, I cannot think of anything to say."
    )
    message: Annotated[
        str,
        Meta(
            max_length=1000,
            description="Left on an answering machine, behind its tone; then the call ends. Empty: it ends at once.",
        ),
    ] = ""
    vocabulary: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=100)], ...],
        Meta(max_length=100, description="Words and phrases that callers are likely to say to it."),
    ] = ()
