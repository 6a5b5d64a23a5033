"""Aura's voice and its pool, in front of a server that fails as it is told to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio

from phonegame.speak.aura import AuraVoice, aura_url
from phonegame.speak.aura_limits import AuraLimits
from phonegame.speak.aura_pool import AuraPool
from phonegame.speak.sound import Sound
from phonegame.speak.voice import SpeakError
from tests.speak.fake_aura import FakeAura, fake_aura

MODEL = "aura-2-thalia-en"
KEY = "planted-key"
QUICK = AuraLimits(first_sound_seconds=0.3, silence_seconds=0.1, clear_seconds=0.1, backoff_seconds=0.01)


@asynccontextmanager
async def running(limits: AuraLimits | None = None) -> AsyncIterator[tuple[FakeAura, AuraPool]]:
    async with fake_aura() as aura, trio.open_nursery() as nursery:
        pool = AuraPool(partial(aura_url, aura.url), KEY, limits or AuraLimits())
        await nursery.start(pool.run)
        yield aura, pool
        nursery.cancel_scope.cancel()


async def say(pool: AuraPool, text: str, model: str = MODEL) -> Sound:
    sound = Sound(text)
    await AuraVoice(model, pool).speak(sound)
    return sound


async def fails(pool: AuraPool, text: str = "hello") -> str:
    sound = Sound(text)
    with pytest.raises(SpeakError) as caught:
        await AuraVoice(MODEL, pool).speak(sound)
    assert text not in str(caught.value)
    assert KEY not in str(caught.value)
    return str(caught.value)
