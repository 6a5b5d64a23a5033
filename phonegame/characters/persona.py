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
    description: Annotated[str, Meta(max_length=1000)] = ""
    parameters: dict[str, Any] = {}
    """JSON Schema of an object. Empty: it takes none."""
    seconds: Annotated[float, Meta(gt=0, le=60)] = 5
    """How long its result may take; after that it has failed."""


class Persona(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A character. With a `script` it follows that; otherwise the server's model plays it."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    """Whose memory it is: callers who call again find the character of this name again."""
    persona: Annotated[str, Meta(max_length=MAX_PERSONA_LENGTH)] = ""
    """Who it is, what it knows, how it speaks: for a model."""
    script: Annotated[str, Meta(max_length=MAX_SCRIPT_LENGTH)] = ""
    """TOML, see brains/script. Empty: a model."""
    greeting: Annotated[str, Meta(max_length=1000)] = ""
    """Said first. Empty: whatever the brain says first, on an outgoing call as on an incoming one."""
    voice: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    """None: the server's own."""
    actions: Annotated[tuple[Action, ...], Meta(max_length=MAX_ACTIONS)] = ()
    patience: Annotated[float, Meta(ge=0, le=5)] = 0.7
    """Seconds that a caller who has stopped in the midst of a sentence may take to go on."""
    silence_seconds: Annotated[float, Meta(ge=0, le=600)] = 10
    """A caller who says nothing for so long is asked; after as long again comes the goodbye. 0: never."""
    silence_prompt: Annotated[str, Meta(max_length=300)] = "Are you still there?"
    """Empty: the brain is asked what to say."""
    goodbye: Annotated[str, Meta(max_length=150)] = "Goodbye."
    """To a caller who stays silent."""
    filler: Annotated[str, Meta(max_length=100)] = "One moment."
    """Said when a reply takes long. Empty: nothing."""
    excuse: Annotated[str, Meta(max_length=150)] = "I am sorry, I cannot think of anything to say."
    """Said when the brain fails."""
    vocabulary: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=100)], ...], Meta(max_length=100)] = ()
    """Words and phrases that callers are likely to say to it."""
