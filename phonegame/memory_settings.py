"""Settings of what is remembered of callers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings


class MemorySettings(BaseSettings):
    memory: Path | None = None
    """The SQLite file that conversations with characters are kept in. None: each call is the first one."""
    memory_days: Annotated[float, Field(ge=0, le=36_500)] = 90
    """Who has not called for so long is forgotten. 0: never."""
    number_key: SecretStr = SecretStr("")
    """Without it, nobody can tell from the file alone who has called; see `characters.keeping.file`."""

    @field_validator("memory")
    @classmethod
    def _in_a_folder(cls, value: Path | None) -> Path | None:
        if value is not None and value.is_dir():
            raise ValueError(f"{str(value)!r} is a folder; name a file in it, such as {str(value / 'memory.sqlite')!r}")
        if value is not None and not value.absolute().parent.is_dir():
            raise ValueError(f"{str(value)!r} is in a folder that does not exist; make the folder")
        return value
