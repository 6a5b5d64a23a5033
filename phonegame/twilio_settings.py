"""Settings of the telephone company, of the address at which it reaches this server, and of the doors' keys."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode

from phonegame.loopback import is_loopback
from phonegame.prompts import Prompt

TWILIO_API_URL = "https://api.twilio.com"

Secrets = Annotated[tuple[SecretStr, ...], NoDecode]
Texts = Annotated[tuple[str, ...], NoDecode]
"""Comma separated."""


class TwilioSettings(BaseSettings):
    """Whatever is empty is not set. Checks of secrets never quote them."""

    twilio_account_sid: str = Field("", validation_alias="TWILIO_ACCOUNT_SID")
    twilio_auth_token: SecretStr = Field(SecretStr(""), validation_alias="TWILIO_AUTH_TOKEN")
    """Signs Twilio's requests; used for the REST API too, unless there is an API key."""
    twilio_api_key: str = Field("", validation_alias="TWILIO_API_KEY")
    twilio_api_secret: SecretStr = Field(SecretStr(""), validation_alias="TWILIO_API_SECRET", validate_default=True)
    twilio_api_url: str = Field(TWILIO_API_URL, validation_alias="TWILIO_API_URL")

    public_url: str = ""
    """Where Twilio reaches this server: https://host or https://host/path, without a slash at the end."""
    operator_key: SecretStr = SecretStr("")
    """Opens every page and every command that is not for games or for Twilio."""
    game_keys: Secrets = ()
    """Any of them lets a game in. None: every game is let in."""
    game_origins: Texts = ()
    """Web pages of other hosts that may connect to `/game`: https://host[:port], or `*` for all."""
    insecure: bool = False
    """Starts, and lets everybody in, although a lock is missing."""

    greeting: Prompt = ""
    """Said by Twilio before the call reaches phonegame's own voice."""
    prompt_goodbye: Prompt = "Goodbye."
    """Said by Twilio when a call has ended in order, and no voice of ours has said goodbye."""
    prompt_failed: Prompt = "I am sorry, something has gone wrong. Please call again later. Goodbye."
    """Said by Twilio when this server could not serve the call, or could not finish it."""
    prompt_full: Prompt = "I am sorry, all lines are busy. Please call again later. Goodbye."
    """Said by Twilio when this server has as many calls as it can serve."""
    twilio_voice: str = ""
    """Twilio's name of the voice that says those, such as Polly.Amy-Neural. Empty: the account's."""

    @field_validator("twilio_account_sid", "twilio_api_key")
    @classmethod
    def _sid(cls, value: str, info: ValidationInfo) -> str:
        prefix, name = ("AC", "account SID") if info.field_name == "twilio_account_sid" else ("SK", "API key SID")
        if value and not re.fullmatch(prefix + "[0-9a-fA-F]{32}", value := value.strip()):
            # not quoted: a token or a secret may have been pasted here
            raise ValueError(
                f"is no {name}, which is {prefix} and 32 hexadecimal digits; copy it from Twilio's console"
            )
        return value

    @field_validator("twilio_auth_token", "twilio_api_secret", "operator_key")
    @classmethod
    def _secret(cls, value: SecretStr) -> SecretStr:
        return _checked_secret(value.get_secret_value())

    @field_validator("twilio_api_secret")
    @classmethod
    def _secret_with_its_key(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        key = info.data.get("twilio_api_key")
        has_secret = bool(value.get_secret_value())
        # None: the key has a fault of its own
        if key is not None and bool(key) != has_secret:
            state = (
                "is set, while TWILIO_API_KEY is missing" if has_secret else "is missing, while TWILIO_API_KEY is set"
            )
            raise ValueError(f"{state}; set both, or neither")
        return value

    @field_validator("public_url", "twilio_api_url")
    @classmethod
    def _address(cls, value: str) -> str:
        return _checked_url(value.strip().rstrip("/")) if value else ""

    @field_validator("game_keys", mode="before")
    @classmethod
    def _keys(cls, value: object) -> object:
        if isinstance(value, str):
            return [_checked_secret(key) for key in value.split(",") if key.strip()]
        return value

    @field_validator("game_origins", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value

    @field_validator("game_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if origin not in ("*", "null") and not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/?#@\s]+", origin):
                raise ValueError(f"{origin!r} is no origin of a web page; write https://host, without a path, or *")
        return tuple(origin.lower() for origin in value)

    @property
    def missing_locks(self) -> list[str]:
        """The variables without which nobody may come from outside this machine."""
        locks = {
            "TWILIO_AUTH_TOKEN": self.twilio_auth_token.get_secret_value(),
            "PHONEGAME_GAME_KEYS": self.game_keys,
            "PHONEGAME_OPERATOR_KEY": self.operator_key.get_secret_value(),
        }
        return [variable for variable, value in locks.items() if not value]


def _checked_secret(text: str) -> SecretStr:
    """Without the space and line break that come with a pasted one."""
    if re.search(r"[^!-~]", text := text.strip()):
        raise ValueError("has spaces or other characters in it that no key has; copy it again")
    return SecretStr(text)


def _checked_url(value: str) -> str:
    """Plain HTTP is for this machine: Twilio opens media streams with TLS only."""
    parts = _split(value)
    if parts is None or not parts.hostname or parts.scheme not in ("http", "https"):
        raise ValueError("is no web address; write https://host, or https://host/path")
    if "@" in parts.netloc or parts.query or parts.fragment or re.search(r"[^!-~]", value):
        # not quoted: what stands before an @, or behind a ?, may be secret
        raise ValueError("has more than host and path in it; write https://host, or https://host/path")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError(f"{value!r} is not encrypted, which is for this machine only; write https://")
    return value


def _split(value: str) -> SplitResult | None:
    try:
        parts = urlsplit(value)
        _ = parts.port  # one out of range is found where it is read
    except ValueError:
        return None
    return parts
