from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from phonegame.garbage import spare_what_is_loaded


@pytest.fixture
def _collector_as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@pytest.mark.usefixtures("_collector_as_before")
def test_what_is_there_is_not_looked_at_any_more_and_what_comes_is() -> None:
    loaded = [object()]
    spare_what_is_loaded()
    made = [object()]
    looked_at = {id(each) for each in gc.get_objects()}
    assert id(made) in looked_at
    assert id(loaded) not in looked_at


@pytest.mark.usefixtures("_collector_as_before")
def test_a_call_s_own_objects_cause_no_collection_and_what_many_calls_leave_does() -> None:
    collected = list[int]()
    spare_what_is_loaded()
    gc.callbacks.append(lambda phase, info: collected.append(info["generation"]) if phase == "stop" else None)
    try:
        kept = [[at] for at in range(5_000)]
        assert collected == []
        kept += [[at] for at in range(100_000)]
    finally:
        gc.callbacks.pop()
    assert collected.count(0) > 1
    assert 1 in collected
