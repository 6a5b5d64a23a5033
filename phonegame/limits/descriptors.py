"""How many files and sockets this process may have open."""

from __future__ import annotations

import sys


def descriptor_limit() -> int | None:
    """None: as many as it likes, as on Windows."""
    if sys.platform == "win32":
        return None
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft
