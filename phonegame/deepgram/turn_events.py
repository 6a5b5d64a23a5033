"""What Flux says about a turn besides its text: for whoever answers the caller. Games are not told.

Flux is the model behind `/v2/listen`, which decides itself when the caller is done. Its text comes as `Results`, as
that of any other model: a turn's interim results hold all of the turn so far, and its end is a final with
`speech_final`. In between, and only where DEEPGRAM_URL has an `eager_eot_threshold`:

    EagerEndOfTurn --the caller goes on--> TurnResumed --> ...
         |
         +--the caller is done--> Results, final, with the very text of the EagerEndOfTurn
"""

from __future__ import annotations

import msgspec


class EagerEndOfTurn(msgspec.Struct, frozen=True, tag=True):
    """The caller may be done: an answer can be prepared, and must not be heard before the final has come."""

    transcript: str
    """All of the turn."""
    confidence: float
    """That the turn is over, from 0 to 1."""
    at: float
    """Seconds of audio since the call began, up to where Flux has listened."""


class TurnResumed(msgspec.Struct, frozen=True, tag=True):
    """The caller goes on after all: what was prepared since the `EagerEndOfTurn` is to be thrown away."""

    at: float
    """As above."""


TurnEvent = EagerEndOfTurn | TurnResumed
