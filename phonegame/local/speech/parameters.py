"""Query parameters as Deepgram checks them: one by one, each fault named."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import parse_qsl

Given = dict[str, list[str]]
TAG_LENGTH = 128


class BadParameterError(ValueError):
    """One parameter is wrong; the text is the `err_msg`."""


def grouped(query: str, *, known: Collection[str], repeatable: Collection[str]) -> Given:
    """The part of the URL after `?`. Stricter than Deepgram: a name that it does not list is refused."""
    given: Given = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in known:
            raise BadParameterError(f"Unknown query parameter '{name}'.")
        if name in given and name not in repeatable:
            raise BadParameterError(f"'{name}' is given more than once.")
        given.setdefault(name, []).append(value)
    return given


def single(name: str, given: Given) -> str | None:
    return given[name][0] if name in given else None


def boolean(name: str, given: Given) -> bool:
    value = single(name, given)
    if value not in (None, "true", "false"):
        raise BadParameterError(f"'{name}' must be true or false, not '{value}'.")
    return value == "true"


def whole(name: str, value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise BadParameterError(f"'{name}' must be a whole number, not '{value}'.")
    return int(value)


def check_tags(given: Given) -> None:
    if any(len(tag) > TAG_LENGTH for tag in given.get("tag", ())):
        raise BadParameterError(f"A 'tag' has at most {TAG_LENGTH} characters.")
