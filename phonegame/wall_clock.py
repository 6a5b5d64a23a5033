"""The time of day, for people."""

from __future__ import annotations

from datetime import date, datetime


def local_minute() -> str:
    """ISO 8601, with the zone."""
    return datetime.now().astimezone().isoformat(timespec="minutes")


def local_day() -> str:
    """ISO 8601."""
    return date.today().isoformat()
