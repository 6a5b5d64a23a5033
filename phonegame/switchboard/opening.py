"""The switchboard that the settings ask for."""

from __future__ import annotations

import hashlib
import random
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING

from phonegame.codes import CodePool
from phonegame.settings import Settings
from phonegame.switchboard import Switchboard
from phonegame.switchboard.memory import MemorySwitchboard

if TYPE_CHECKING:
    from phonegame.switchboard.shared import Shared


def open_switchboard(settings: Settings, codes: Sequence[str]) -> tuple[Shared | None, Switchboard]:
    """What this process shares with others, and its switchboard: with None that is in memory."""
    if settings.redis_url is None:
        return None, MemorySwitchboard(CodePool(codes, random=random.SystemRandom()))
    # only here: it takes half a second
    from phonegame.switchboard.shared import Shared

    shared = Shared(settings.redis_url.get_secret_value(), codes)
    return shared, shared.switchboard


def number_key(settings: Settings) -> bytes:
    """What phone numbers are hashed with: of this process alone, or the same for all that share a Redis.

    It is made of what only they know. Who has Redis' password, and nothing else, cannot make it.
    """
    if settings.redis_url is None:
        return secrets.token_bytes(32)
    known = [settings.redis_url, settings.twilio_auth_token, settings.operator_key, *settings.game_keys]
    digest = hashlib.blake2b(b"phonegame number key", digest_size=32)
    for secret in known:
        digest.update(b"\0" + secret.get_secret_value().encode())
    return digest.digest()
