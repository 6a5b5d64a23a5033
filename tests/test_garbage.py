from __future__ import annotations

import gc

from phonegame.garbage import spare_what_is_loaded


def test_what_is_there_is_not_looked_at_any_more_and_what_comes_is() -> None:
    loaded = [object()]
    try:
        spare_what_is_loaded()
        made = [object()]
        looked_at = {id(each) for each in gc.get_objects()}
    finally:
        gc.unfreeze()
    assert id(made) in looked_at
    assert id(loaded) not in looked_at
