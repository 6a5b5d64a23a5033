"""Settings from environment variables and a `.env` file: one typed object, and every fault in it reported at once."""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEEPGRAM_URL = (
    "wss://api.deepgram.com/v1/listen?model=nova-3&language=en&encoding=mulaw&sample_rate=8000&channels=1"
    "&interim_results=true&endpointing=300&utterance_end_ms=1000&vad_events=true&punctuate=true&numerals=true"
)
"""Names the model, and a pause that does not cut "four ... two": Deepgram's defaults are its oldest model and 10 ms."""

NO_NUMBER = "+15550100"
"""Shown by games while no number is set: a number from the range that is reserved for fiction."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

Seconds = Annotated[float, Field(ge=0, le=86400, allow_inf_nan=False)]


class SettingsError(Exception):
    """The settings cannot be used. `faults` has one line for each variable: its name, what is wrong, what to do."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("The settings have faults:\n" + "\n".join(f"  {fault}" for fault in faults))
        self.faults = faults


class Settings(BaseSettings):
    """The variable of a field without an alias is its name in capitals behind `PHONEGAME_`."""

    model_config = SettingsConfigDict(
        env_prefix="PHONEGAME_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    deepgram_api_key: SecretStr = Field(SecretStr(""), validation_alias="DEEPGRAM_API_KEY")
    deepgram_url: str = Field(DEEPGRAM_URL, validation_alias="DEEPGRAM_URL")
    twilio_phone_number: str = Field(NO_NUMBER, validation_alias="TWILIO_PHONE_NUMBER", min_length=1)
    proxy_url: str = Field("127.0.0.1:5000", validation_alias="PROXY_URL")
    cert_pem: Path | None = Field(None, validation_alias="CERT_PEM")
    key_pem: Path | None = Field(None, validation_alias="KEY_PEM")

    codes: str = "0-99"
    voice: Literal["auto", "espeak", "none"] = "auto"
    log: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    wrong_codes: Annotated[int, Field(ge=1, le=1000)] = 5
    """Wrong tries that a caller has; the last of them ends the call."""
    code_seconds: Annotated[float, Field(gt=0, le=3600)] = 60
    """A call that has named no code by then ends."""
    drain_seconds: Annotated[float, Field(ge=0, le=30)] = 1
    """How long Deepgram may go on with the last words of a call that has ended. 0 tears down at once."""
    final_seconds: Annotated[float, Field(gt=0, le=60)] = 2.5
    """An interim result that has not changed for so long, and has had no final, is delivered as final."""
    reconnect_seconds: Annotated[float, Field(gt=0, le=600)] = 30
    """How long a call waits for a Deepgram that cannot be reached before it ends."""
    stall_seconds: Annotated[float, Field(gt=1, le=600)] = 15
    """Deepgram is taken for dead when it has been sent so much audio without a word from it."""
    game_queue: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """Messages that wait for a game which does not read, before it is closed."""

    @field_validator("deepgram_url")
    @classmethod
    def _websocket_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("ws", "wss") or not parts.hostname:
            raise ValueError(
                f"{value!r} is not a websocket address; it must start with wss:// (or ws://) and name a host"
            )
        return value

    @field_validator("proxy_url")
    @classmethod
    def _bind_address(cls, value: str) -> str:
        host, port = split_address(value)
        if host is None or port is None:
            raise ValueError(f"{value!r} is not an address to listen at; write host:port, for example 127.0.0.1:5000")
        return value

    @field_validator("codes")
    @classmethod
    def _codes(cls, value: str) -> str:
        from phonegame.codes import parse_codes

        parse_codes(value)
        return value

    @field_validator("cert_pem", "key_pem")
    @classmethod
    def _readable(cls, value: Path | None) -> Path | None:
        if value is not None:
            try:
                with value.open("rb"):
                    pass
            except OSError as error:
                raise ValueError(f"{str(value)!r} cannot be read: {error.strerror}") from None
        return value

    @model_validator(mode="after")
    def _combinations(self) -> Settings:
        faults = []
        if (self.cert_pem is None) != (self.key_pem is None):
            present, absent = ("CERT_PEM", "KEY_PEM") if self.cert_pem else ("KEY_PEM", "CERT_PEM")
            faults.append(f"{absent}: is missing, while {present} is set; TLS needs both, or neither")
        elif self.cert_pem and self.key_pem:
            faults += _certificate_faults(self.cert_pem, self.key_pem)
        host = urlsplit(self.deepgram_url).hostname
        if host not in LOOPBACK and not self.deepgram_api_key.get_secret_value():
            faults.append(
                f"DEEPGRAM_API_KEY: is missing, and {host} asks for one; make a key in Deepgram's console, "
                "or set DEEPGRAM_URL to a local speech service (`phonegame speech`)"
            )
        if faults:
            raise SettingsError(faults)
        return self

    @property
    def tls(self) -> bool:
        return self.cert_pem is not None

    @classmethod
    def load(cls, **overrides: Any) -> Settings:
        """Reads environment and `.env`. Raises `SettingsError`, which names every fault and shows no secret."""
        try:
            return cls(**overrides)
        except ValidationError as error:
            raise SettingsError([_sentence(fault) for fault in error.errors(include_input=False)]) from None


def split_address(address: str) -> tuple[str | None, int | None]:
    """`host:port`, `[::1]:port` -> its parts; None for what is not there."""
    match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]\s/]+):(\d{1,5})", address)
    if match is None or int(match[2]) > 65535:
        return None, None
    return match[1].strip("[]"), int(match[2])


def _certificate_faults(cert: Path, key: Path) -> list[str]:
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(cert, key, password=lambda: "")
    except (ssl.SSLError, ValueError, OSError) as error:
        return [f"CERT_PEM, KEY_PEM: are no certificate and its (unencrypted) private key in PEM form: {error}"]
    return []


def _sentence(fault: Any) -> str:
    name = str(fault["loc"][0]) if fault["loc"] else "settings"
    if name.islower():
        name = f"PHONEGAME_{name.upper()}"
    return f"{name}: {fault['msg'].removeprefix('Value error, ')}"
