"""Settings from environment variables and a `.env` file: one typed object, and every fault in it reported at once."""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsConfigDict

from phonegame.board_settings import BoardSettings
from phonegame.character_settings import CharacterSettings
from phonegame.deepgram.listen_url import fault_of
from phonegame.limit_settings import LimitSettings
from phonegame.loopback import is_loopback
from phonegame.memory_settings import MemorySettings
from phonegame.prompts import Prompts
from phonegame.recording_settings import RecordingSettings
from phonegame.redis_settings import RedisSettings
from phonegame.twilio_settings import TwilioSettings

DEEPGRAM_URL = (
    "wss://api.deepgram.com/v1/listen?model=nova-3&language=en&encoding=mulaw&sample_rate=8000&channels=1"
    "&interim_results=true&endpointing=300&utterance_end_ms=1000&vad_events=true&punctuate=true&numerals=true"
)
"""Names the model, and a pause that does not cut "four ... two": Deepgram's defaults are its oldest model and 10 ms."""

DEEPGRAM_SPEAK_URL = "wss://api.deepgram.com/v1/speak?model=aura-2-thalia-en&encoding=mulaw&sample_rate=8000"

NO_NUMBER = "+15550100"
"""Shown by games while no number is set: a number from the range that is reserved for fiction."""


class SettingsError(Exception):
    """The settings cannot be used. `faults` has one line for each variable: its name, what is wrong, what to do."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("The settings have faults:\n" + "\n".join(f"  {fault}" for fault in faults))
        self.faults = faults


class Settings(
    Prompts,
    TwilioSettings,
    CharacterSettings,
    MemorySettings,
    RecordingSettings,
    BoardSettings,
    RedisSettings,
    LimitSettings,
):
    """The variable of a field without an alias is its name in capitals behind `PHONEGAME_`.

    What concerns two variables is checked with the second of them: a check of the whole would wait until all else is
    right, and faults are to come at once.
    """

    model_config = SettingsConfigDict(
        env_prefix="PHONEGAME_",
        env_file=".env",
        # Windows' editors put a byte order mark in front
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    deepgram_url: str = Field(DEEPGRAM_URL, validation_alias="DEEPGRAM_URL")
    deepgram_speak_url: str = Field(DEEPGRAM_SPEAK_URL, validation_alias="DEEPGRAM_SPEAK_URL")
    deepgram_api_key: SecretStr = Field(SecretStr(""), validation_alias="DEEPGRAM_API_KEY")
    twilio_phone_number: str = Field(NO_NUMBER, validation_alias="TWILIO_PHONE_NUMBER", min_length=1)
    proxy_url: str = Field("127.0.0.1:5000", validation_alias="PROXY_URL")
    cert_pem: Path | None = Field(None, validation_alias="CERT_PEM")
    key_pem: Path | None = Field(None, validation_alias="KEY_PEM")

    codes: str = "0-99"
    demo: Literal["auto", "on", "off"] = "auto"
    """The game at `/demo`. `auto`: on where nobody but this machine reaches the server."""
    voice: str = "auto"
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
    stop_seconds: Annotated[float, Field(ge=0, le=86400)] = 30
    """How long calls may go on when the server has been told to stop, before they are ended by a spoken sentence."""
    game_queue: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """Messages that wait for a game which does not read, before it is closed."""
    away_seconds: Annotated[float, Field(ge=0, le=3600)] = 60
    """How long a phonegame.v1 game that has lost its connection keeps its code and its calls. 0: not at all."""
    interrupt: Literal["words", "speech", "never"] = "words"
    """What stops the phone from speaking: words of the caller's, whatever Deepgram takes for speech, or nothing."""
    interrupt_words: Annotated[int, Field(ge=1, le=20)] = 1
    """With `words`: how many it takes."""

    @field_validator("deepgram_url", "deepgram_speak_url")
    @classmethod
    def _websocket_url(cls, value: str) -> str:
        if "@" in value.partition("?")[0]:
            # not shown: what stands before the @ may be a password
            raise ValueError("has a user name in it; remove it: the key belongs into DEEPGRAM_API_KEY")
        if re.search(r"[^!-~]", value):
            raise ValueError("has a space or another character in it that no URL has; write a space as %20")
        if not _is_websocket_url(value):
            raise ValueError(
                f"{_scheme_and_host(value)}is not a websocket address; "
                "it must start with wss:// (or ws://) and name a host"
            )
        return value

    @field_validator("deepgram_url")
    @classmethod
    def _path_fits_model(cls, value: str) -> str:
        if fault := fault_of(value):
            raise ValueError(fault)
        return value

    @field_validator("deepgram_api_key")
    @classmethod
    def _key_where_needed(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        key = value.get_secret_value().strip()
        if re.search(r"[^!-~]", key):
            raise ValueError("has spaces or other characters in it that no key has; copy it again")
        url = info.data.get("deepgram_url")
        host = urlsplit(url).hostname if url else None
        if not key and host and not is_loopback(host):
            raise ValueError(
                f"is missing, and {host} asks for one; make a key in Deepgram's console, "
                "or set DEEPGRAM_URL to a local speech service (`phonegame speech`)"
            )
        return SecretStr(key)

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

    @field_validator("voice")
    @classmethod
    def _voice(cls, value: str, info: ValidationInfo) -> str:
        from phonegame.speak.voice import SpeakError
        from phonegame.speak.voice_names import parse_voice_name

        if value == "none" and info.data.get("record") == "always":
            raise ValueError("is none, while PHONEGAME_RECORD is always: nobody could tell callers; set a voice")
        if value not in ("auto", "none"):
            try:
                parse_voice_name(value)
            except SpeakError as error:
                raise ValueError(f"{error}; or auto, or none") from None
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

    @field_validator("key_pem")
    @classmethod
    def _pair(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        cert: Path | None = info.data.get("cert_pem")
        cert_has_fault = "cert_pem" not in info.data
        if value is None and (cert or cert_has_fault):
            raise ValueError("is missing, while CERT_PEM is set; set both for TLS, or neither")
        if value and not cert and not cert_has_fault:
            raise ValueError("is set, while CERT_PEM is missing; set both for TLS, or neither")
        if value and cert:
            _check_certificate(cert, value)
        return value

    @property
    def is_exposed(self) -> bool:
        """Whether somebody outside of this machine is meant to reach the server."""
        host, _ = split_address(self.proxy_url)
        return not is_loopback(host) or bool(self.public_url and not is_loopback(urlsplit(self.public_url).hostname))

    @property
    def tls(self) -> bool:
        return self.cert_pem is not None

    @classmethod
    def load(cls, **overrides: Any) -> Settings:
        """Reads environment and `.env`. Raises `SettingsError`, which names every fault and shows no secret."""
        try:
            return cls(**overrides)
        except ValidationError as error:
            raise SettingsError(faults_of(error)) from None
        except UnicodeDecodeError:
            raise SettingsError([".env: is not UTF-8 text; save it as UTF-8"]) from None
        except OSError as error:
            raise SettingsError([f".env: cannot be read ({error.strerror}); check its permissions"]) from None


def _is_websocket_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        # a port out of range is found where it is read
        parsed = parts.scheme in ("ws", "wss") and parts.hostname and parts.port != 0
    except ValueError:
        return False
    return bool(parsed)


def _scheme_and_host(value: str) -> str:
    """To be shown: a key may stand in the rest of it, and where there is no scheme, all of it may be one."""
    match = re.match(r"[a-z]+://[^/?#]*", value, re.IGNORECASE)
    return f"{match[0]!r} " if match else ""


def split_address(address: str) -> tuple[str | None, int | None]:
    """`host:port`, `[::1]:port` -> its parts; None for what is not there."""
    match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]\s/]+):(\d{1,5})", address)
    if match is None or int(match[2]) > 65535:
        return None, None
    return match[1].strip("[]"), int(match[2])


def _check_certificate(cert: Path, key: Path) -> None:
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(cert, key, password=lambda: "")
    except (ValueError, OSError) as error:  # ssl.SSLError is an OSError
        raise ValueError(
            f"{str(key)!r} is not the (unencrypted) private key of the certificate in CERT_PEM, both as PEM: {error}"
        ) from None


_BOUNDS = {"gt": "above", "ge": "at least", "le": "at most"}


def faults_of(error: ValidationError) -> list[str]:
    """Of these settings, or a part of them."""
    return [_sentence(fault) for fault in error.errors()]


def _sentence(fault: ErrorDetails) -> str:
    """Pydantic's words serve programmers; these are for whoever sets the variable."""
    place = str(fault["loc"][0])
    name, field = next(
        (name, field)
        for name, field in Settings.model_fields.items()
        if place.lower() in (name, str(field.validation_alias).lower())
    )
    variable = str(field.validation_alias or f"PHONEGAME_{name.upper()}")
    if fault["type"] == "value_error":
        return f"{variable}: {fault['ctx']['error']}"
    if fault["type"] == "literal_error":
        wanted = fault["ctx"]["expected"]
    elif field.annotation is bool:
        wanted = "1 or 0"
    elif field.annotation in (int, float):
        wanted = _wanted_number(field)
    else:
        return f"{variable}: {fault['msg']}"
    return f"{variable}: {fault['input']!r} is not {wanted}; correct it, or remove it for the default, {field.default}"


def _wanted_number(field: FieldInfo) -> str:
    kind = "a whole number" if field.annotation is int else "a number"
    limits = [
        f"{words} {getattr(bound, name):g}"
        for bound in field.metadata
        for name, words in _BOUNDS.items()
        if hasattr(bound, name)
    ]
    return f"{kind}, {' and '.join(limits)}"
