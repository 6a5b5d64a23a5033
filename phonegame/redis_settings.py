"""Settings of what several workers share."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings

REDIS_SCHEMES = ("redis", "rediss", "unix", "redis+cluster", "rediss+cluster")


class RedisSettings(BaseSettings):
    redis_url: SecretStr | None = None
    """Where workers meet; may have a password in it. None: there is one worker, which keeps all in memory."""

    @field_validator("redis_url")
    @classmethod
    def _redis_address(cls, value: SecretStr | None) -> SecretStr | None:
        # never quoted: a password may be in it
        if value is not None and not _is_redis_url(value.get_secret_value()):
            raise ValueError(
                "is no address of a Redis or Valkey; write redis://host:6379/0, rediss:// for TLS, unix:///path, "
                "or redis+cluster://host:6379 for a cluster, with user:password@ in front of the host where it asks"
            )
        return value


def _is_redis_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        has_port = parts.port != 0
    except ValueError:
        return False
    where = parts.path if parts.scheme == "unix" else parts.hostname
    return parts.scheme in REDIS_SCHEMES and bool(where) and has_port
