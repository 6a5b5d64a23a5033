"""What happens in a game's calls, in the words of phonegame.v1."""

from __future__ import annotations

from typing import assert_never

from phonegame import switchboard
from phonegame.deepgram import messages as deepgram
from phonegame.listen.transcript import Heard
from phonegame.speak.saying import Dropped
from phonegame.wire.v1.to_game import (
    ActionAsked,
    CallEnded,
    CallEnding,
    CallStarted,
    CallStatus,
    CharacterEnded,
    CharacterSaid,
    Dtmf,
    Error,
    Numbered,
    RecordingStarted,
    RecordingStopped,
    SayFinished,
    SayStarted,
    SpeechStarted,
    Transcript,
    UtteranceEnd,
    Word,
)


class Calls:
    """A game's calls, in the words of phonegame.v1. Deepgram reports silence too; a game gets that of it which matters:

    that the caller is done, where something was said before, and that an interim transcript has come to nothing.
    """

    def __init__(self) -> None:
        self._with_interim: set[str] = set()
        self._speaking: set[str] = set()
        """Calls of which something has been told, and not yet that the caller is done."""

    def tell(self, event: switchboard.FromCall) -> list[Numbered]:
        match event.event:
            case switchboard.CallHeard(heard=heard) if (results := heard.results) is not None:
                return self._tell_results(event.call_id, event.player, results)
            case switchboard.CallEnded():
                self._with_interim.discard(event.call_id)
                self._speaking.discard(event.call_id)
            case _:
                pass
        return from_call(event)

    def _tell_results(self, call_id: str, player: int, results: deepgram.Results) -> list[Numbered]:
        withdraws = results.is_final and call_id in self._with_interim
        ends = results.speech_final and call_id in self._speaking
        if results.is_final:
            self._with_interim.discard(call_id)
        elif results.best.transcript:
            self._with_interim.add(call_id)
        if results.speech_final:
            self._speaking.discard(call_id)
        elif results.best.transcript:
            self._speaking.add(call_id)
        return [_from_results(call_id, player, results)] if results.best.transcript or withdraws or ends else []


def from_call(event: switchboard.FromCall) -> list[Numbered]:
    """The messages for an event, in order; none where the protocol has none."""
    call_id, player = event.call_id, event.player
    match event.event:
        case switchboard.CallHeard(heard=heard):
            return _from_heard(call_id, player, heard)
        case switchboard.CallStarted(caller=caller):
            return [CallStarted(call_id=call_id, player=player, direction=caller.direction, caller=caller.shown)]
        case switchboard.CallStatus() as status:
            return [_from_status(call_id, player, status)]
        case switchboard.CallKeyed(digit=digit):
            return [Dtmf(call_id=call_id, player=player, digit=digit)]
        case switchboard.SayStarted(say_id=say_id):
            return [SayStarted(call_id=call_id, player=player, say_id=say_id)]
        case switchboard.SayFinished() as finished:
            return _from_receipt(call_id, player, finished)
        case switchboard.CallProblem(code=code, message=message):
            return [Error(code=code, message=message, call_id=call_id, player=player)]
        case switchboard.RecordingStarted(recording_id=recording_id):
            return [RecordingStarted(call_id=call_id, player=player, recording_id=recording_id)]
        case switchboard.RecordingStopped(recording_id=recording_id, reason=reason):
            return [RecordingStopped(call_id=call_id, player=player, recording_id=recording_id, reason=reason)]
        case switchboard.CharacterSaid(text=text, cut_off=cut_off):
            return [CharacterSaid(call_id=call_id, player=player, text=text, cut_off=cut_off)]
        case switchboard.CharacterAsks(action_id=action_id, name=name, arguments=arguments):
            return [ActionAsked(call_id=call_id, player=player, action_id=action_id, name=name, arguments=arguments)]
        case switchboard.CharacterEnded(reason=reason):
            return [CharacterEnded(call_id=call_id, player=player, reason=reason)]
        case switchboard.CallEnding() as ending:
            return [CallEnding(call_id=call_id, player=player, reason=ending.reason)]
        case switchboard.CallEnded() as ended:
            return [CallEnded(call_id=call_id, player=player, reason=ended.reason, seconds=round(ended.seconds, 3))]
        case _:
            assert_never(event.event)


def _from_status(call_id: str, player: int, event: switchboard.CallStatus) -> CallStatus:
    return CallStatus(
        call_id=call_id,
        player=player,
        status=event.status,
        dial_id=event.dial_id,
        answered_by=event.answered_by,
        reason=event.reason,
    )


def _from_heard(call_id: str, player: int, heard: Heard) -> list[Numbered]:
    match heard.message:
        case deepgram.Results() as results if results.best.transcript or results.speech_final:
            return [_from_results(call_id, player, results)]
        case deepgram.SpeechStarted(timestamp=at):
            return [SpeechStarted(call_id=call_id, player=player, at=at)]
        case deepgram.UtteranceEnd(last_word_end=at) if at >= 0:
            return [UtteranceEnd(call_id=call_id, player=player, at=at)]
        case _:
            return []


def _from_results(call_id: str, player: int, results: deepgram.Results) -> Transcript:
    best = results.best
    return Transcript(
        call_id=call_id,
        player=player,
        text=best.transcript,
        is_final=results.is_final,
        speech_final=results.speech_final,
        confidence=best.confidence,
        start=results.start,
        duration=results.duration,
        words=[
            Word(word=word.text, start=word.start, end=word.end, confidence=word.confidence or 0.0)
            for word in best.words
        ],
    )


def _from_receipt(call_id: str, player: int, finished: switchboard.SayFinished) -> list[Numbered]:
    say_id, receipt = finished.say_id, finished.receipt
    messages: list[Numbered] = [
        SayFinished(
            call_id=call_id,
            player=player,
            say_id=say_id,
            heard=receipt.heard,
            seconds=round(receipt.seconds, 3),
            interrupted=receipt.interrupted,
            dropped=receipt.dropped,
        )
    ]
    if receipt.error is not None:
        code = "queue_full" if receipt.dropped is Dropped.QUEUE_FULL else "voice_failed"
        messages.append(Error(code=code, message=receipt.error, say_id=say_id, call_id=call_id, player=player))
    return messages
