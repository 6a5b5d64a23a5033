"""The memory file that the settings name."""

from __future__ import annotations

from phonegame.characters.keeping.file import MemoryFile, MemoryFileError
from phonegame.memory_settings import MemorySettings
from phonegame.settings import SettingsError


def open_memory(settings: MemorySettings, *, create: bool = True) -> MemoryFile | None:
    """None where nothing is remembered. Raises `SettingsError` where the file cannot be used."""
    if settings.memory is None:
        return None
    try:
        return MemoryFile(settings.memory, settings.number_key.get_secret_value(), create=create)
    except MemoryFileError as error:
        raise SettingsError([f"PHONEGAME_MEMORY: {error}"]) from None
