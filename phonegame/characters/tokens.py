"""How many tokens a text has, about: for limits, where no model tells."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from phonegame.characters.entries import Entry

BYTES_PER_TOKEN = 4
"""Of English, by OpenAI's and Anthropic's own rule of thumb; other scripts have more bytes and more tokens alike."""
ENTRY_TOKENS = 4
"""What stands around each message of a conversation."""


def tokens_of(text: str) -> int:
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


def tokens_of_entries(entries: Iterable[Entry]) -> int:
    return sum(ENTRY_TOKENS + len(msgspec.json.encode(entry)) // BYTES_PER_TOKEN for entry in entries)
