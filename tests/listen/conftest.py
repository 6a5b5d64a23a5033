from __future__ import annotations

import pytest

from phonegame.listen import listener as listener_module
from tests.listen.fake_deepgram import FakeDeepgram


@pytest.fixture
def deepgram(monkeypatch: pytest.MonkeyPatch) -> FakeDeepgram:
    deepgram = FakeDeepgram()
    monkeypatch.setattr(listener_module, "open_session", deepgram.open_session)
    return deepgram


@pytest.fixture
def refused() -> list[str]:
    """What a listener's `on_refused` has been called with, where it was made so."""
    return []
