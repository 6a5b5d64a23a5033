"""Several workers of one server must know each other's games: without Redis there is only one."""

from __future__ import annotations

import sys

from phonegame.settings import Settings, SettingsError

WHY = (
    "PHONEGAME_REDIS_URL: is missing, and {count} workers were asked for: each of them would know only the games that "
    "have connected to it, and callers of all others would be told that there is no such game; set it to a Redis or "
    "Valkey that all workers reach, such as redis://127.0.0.1:6379/0, or have one worker"
)
NOT_HERE = (
    "--workers: on Windows, processes cannot share an address; run `phonegame serve` once for each port (PROXY_URL), "
    "all with the same PHONEGAME_REDIS_URL, and a load balancer in front"
)


def why_alone(settings: Settings, workers: int) -> str | None:
    """Why there cannot be so many; None where there can."""
    return WHY.format(count=workers) if workers > 1 and settings.redis_url is None else None


def require_redis(settings: Settings, workers: int) -> None:
    """Raises `SettingsError`."""
    if why := why_alone(settings, workers):
        raise SettingsError([why])
    if workers > 1 and sys.platform == "win32":
        raise SettingsError([NOT_HERE])
