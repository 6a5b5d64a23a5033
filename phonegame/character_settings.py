"""Settings of who plays the characters that callers talk to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings


class CharacterSettings(BaseSettings):
    model: str = ""
    """`gpt-4.1-mini`, `anthropic:claude-haiku-4-5`, `langchain:module:object`. Empty: only scripts play."""
    model_url: str = ""
    """Of the model's server, https://host/v1. Empty: OpenAI's, or Anthropic's."""
    model_key: SecretStr = SecretStr("")
    model_tokens: Annotated[int, Field(ge=1, le=10_000)] = 300
    """The most of one reply: two minutes of speech. What is thought counts, with models that think."""

    character: Path | None = None
    """File of whom callers talk to, without a code and without a game. None: they name the code of a game."""
    characters: Path | None = None
    """Folder of character files that games may use."""

    @field_validator("model")
    @classmethod
    def _model_name(cls, value: str) -> str:
        kind, _, name = (value := value.strip()).partition(":")
        if kind in ("openai", "anthropic") and not name:
            raise ValueError(f"{value!r} names no model; write {kind}:MODEL")
        if kind == "langchain" and not re.fullmatch(r"[\w.]+:[\w.]+", name):
            raise ValueError(f"{value!r} names no object; write langchain:module:object")
        return value

    @field_validator("model_url")
    @classmethod
    def _model_url(cls, value: str) -> str:
        value = value.strip().rstrip("/")
        if not value:
            return ""
        try:
            parts = urlsplit(value)
            is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            parts, is_address = urlsplit(""), False
        if not is_address or re.search(r"[^!-~]", value):
            raise ValueError("is no web address; write https://host/v1, or http://127.0.0.1:11434/v1 for Ollama")
        if "@" in parts.netloc or parts.query or parts.fragment:
            # not quoted: what stands before an @, or behind a ?, may be secret
            raise ValueError("has more than host and path in it; the key belongs into PHONEGAME_MODEL_KEY")
        if value.endswith(("/chat/completions", "/messages")):
            raise ValueError(f"{value!r} is the address of one call; leave its last part out, as in https://host/v1")
        return value

    @field_validator("model_key")
    @classmethod
    def _model_key(cls, value: SecretStr) -> SecretStr:
        if re.search(r"[^!-~]", key := value.get_secret_value().strip()):
            raise ValueError("has spaces or other characters in it that no key has; copy it again")
        return SecretStr(key)

    @field_validator("character")
    @classmethod
    def _character_file(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is None:
            return None
        from phonegame.characters.files import read_character

        examined = read_character(value)
        if examined.persona is None:
            raise ValueError("\n    ".join([f"{value} cannot be used:", *map(str, examined.faults.errors)]))
        if not (examined.persona.script or info.data.get("model", "unknown")):
            raise ValueError(f"{value} has no script, and needs a model: set PHONEGAME_MODEL, or give it [states....]")
        return value

    @field_validator("characters")
    @classmethod
    def _character_folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError(f"{str(value)!r} is no folder")
        return value
