"""`<Gather>`: prompts, until somebody keys or says something; then what it is.

Source: Twilio's documentation, "TwiML Voice: Gather". Speech is understood word for word: the handset tells it.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from functools import partial

import trio

from phonegame.local.twilio_api.config import Timing
from phonegame.local.twilio_api.fetch import Form
from phonegame.local.twilio_api.handset import Handset
from phonegame.local.twilio_api.twiml import Gather, Pause, Play, Say

CONFIDENCE = "0.9"


async def gather(
    handset: Handset, verb: Gather, prompt: Callable[[Say | Play | Pause], Awaitable[None]], timing: Timing
) -> Form | None:
    """What is to be sent to the action; None: nothing came, and the next verb is due."""
    handset.keyed.clear()
    handset.spoken.clear()
    await _prompt_until_input(handset, verb, prompt)
    digits, is_finished = await _digits(handset, verb, timing)
    if digits:
        return [("Digits", digits), *([("FinishedOnKey", verb.finish_on_key)] if is_finished else [])]
    if _has_spoken(handset, verb):
        return [("SpeechResult", handset.spoken[0]), ("Confidence", CONFIDENCE)]
    return [("Digits", "")] if verb.action_on_empty_result else None


async def _prompt_until_input(
    handset: Handset, verb: Gather, prompt: Callable[[Say | Play | Pause], Awaitable[None]]
) -> None:
    async def watch() -> None:
        await handset.wait_until(partial(_has_more, handset, verb, 0))
        nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        for verb_within in verb.prompts:
            await prompt(verb_within)
        nursery.cancel_scope.cancel()


async def _digits(handset: Handset, verb: Gather, timing: Timing) -> tuple[str, bool]:
    """And whether the finishing key has ended them. Each key may take as long as the first."""
    digits = ""
    for place in itertools.count():
        if len(digits) == verb.digits:
            break
        more = partial(_has_more, handset, verb, place)
        with trio.move_on_after(timing.shortened(verb.timeout)) as patience:
            await handset.wait_until(more)
        if patience.cancelled_caught or _has_spoken(handset, verb):
            break
        key = handset.keyed[place]
        if key != verb.finish_on_key:
            digits += key
        elif digits:
            return digits, True
    return digits, False


def _has_more(handset: Handset, verb: Gather, place: int) -> bool:
    return len(_keys(handset, verb)) > place or _has_spoken(handset, verb)


def _keys(handset: Handset, verb: Gather) -> list[str]:
    return handset.keyed if "dtmf" in verb.inputs else []


def _has_spoken(handset: Handset, verb: Gather) -> bool:
    return bool(handset.spoken) and "speech" in verb.inputs
