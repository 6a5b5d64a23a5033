"""What happens in a game's calls, in the words of phonegame.v1."""

from __future__ import annotations

from typing import assert_never

import msgspec

from phonegame import switchboard
from phonegame.deepgram import messages as deepgram
from phonegame.listen.transcript import Heard
from phonegame.speak.saying import Dropped
from phonegame.wire.v1.to_game import (
    CallEnded,
    CallStarted,
    Dtmf,
    Error,
    Numbered,
    SayFinished,
    SayStarted,
    SpeechStarted,
    Transcript,
    UtteranceEnd,
    Word,
)


def from_call(event: switchboard.FromCall) -> list[Numbered]:
    """The messages for an event, in order; none where the protocol has none."""
    call_id, player = event.call_id, event.player
    match event.event:
        case switchboard.CallHeard(heard=heard):
            return _from_heard(call_id, player, heard)
        case switchboard.CallStarted(caller=caller):
            return [CallStarted(call_id=call_id, player=player, direction=caller.direction, caller=caller.shown)]
        case switchboard.CallKeyed(digit=digit):
            return [Dtmf(call_id=call_id, player=player, digit=digit)]
        case switchboard.SayStarted(say_id=say_id):
            return [SayStarted(call_id=call_id, player=player, say_id=say_id)]
        case switchboard.SayFinished() as finished:
            return _from_receipt(call_id, player, finished)
        case switchboard.CallProblem(code=code, message=message):
            return [Error(code=code, message=message, call_id=call_id, player=player)]
        case switchboard.CallEnded(reason=reason, seconds=seconds):
            return [CallEnded(call_id=call_id, player=player, reason=reason, seconds=round(seconds, 3))]
        case _:
            assert_never(event.event)
