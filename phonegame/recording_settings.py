"""Settings of recordings of calls."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from phonegame.recording.folder import folder_fault


class RecordingSettings(BaseSettings):
    recordings: Path | None = None
    """The folder where recordings of calls are kept. None: no call is recorded."""
    record: Literal["asked", "always"] = "asked"
    """Which calls are recorded: those of which a game asks it, or all."""

    @field_validator("recordings")
    @classmethod
    def _folder(cls, value: Path | None) -> Path | None:
        if value is not None and (fault := folder_fault(value)) is not None:
            raise ValueError(f"{str(value)!r} {fault}")
        return value

    @field_validator("record")
    @classmethod
    def _has_folder(cls, value: str, info: ValidationInfo) -> str:
        if value == "always" and info.data.get("recordings", "faulty") is None:
            raise ValueError("is always, while PHONEGAME_RECORDINGS is missing; set it to a folder")
        return value
