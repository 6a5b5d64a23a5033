"""When Python's garbage collector stops all calls, and what it walks through then: what calls have made."""

from __future__ import annotations

import gc

THRESHOLDS = (10_000, 3, 3)
"""What only the collector frees is what ended calls leave behind, some hundred objects each. By the usual 700 objects
it would look for that twice a second, for some milliseconds, since tasks renew most of theirs with each frame; and
within a turn, mostly, which makes some that stay. Full collections are about as frequent as usual.
"""


def spare_what_is_loaded() -> None:
    """Once in a process, when everything is loaded and nobody calls yet.

    Modules, settings and libraries stay to the end, and have far more objects than all calls. A full collection that
    looks at them takes a tenth of a second, in which no frame is passed on and no answer begins.
    Source: Python's documentation, `gc.freeze`, `gc.set_threshold`.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
