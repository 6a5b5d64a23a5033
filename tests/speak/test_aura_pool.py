"""What no socket can be opened for does not keep the server busy."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from phonegame.speak import aura_socket
from phonegame.speak.aura_pool import AuraPool
from phonegame.speak.sound import Sound
from phonegame.speak.voice import SpeakError


async def test_an_error_of_ours_is_not_met_again_at_once(
    monkeypatch: pytest.MonkeyPatch, autojump_clock: MockClock
) -> None:
    attempts: list[str] = []

    def open_session(url: str, key: str) -> None:
        attempts.append(url)
        raise ZeroDivisionError

    monkeypatch.setattr(aura_socket, "open_session", open_session)
    pool = AuraPool(lambda model: f"ws://127.0.0.1/{model}", "")
    async with trio.open_nursery() as nursery:
        await nursery.start(pool.run)
        with pytest.raises(SpeakError):
            await pool.speak("aura-2-thalia-en", Sound("Hello."))
        nursery.cancel_scope.cancel()
    assert 2 <= len(attempts) <= 10
