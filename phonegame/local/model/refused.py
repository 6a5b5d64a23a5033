"""What is wrong with a request."""

from __future__ import annotations

import re
from typing import Any, TypeGuard

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""Of a tool, and of a call's id, with both companies."""


class Refused(Exception):
    """The request is refused. `code` and `field` are OpenAI's."""

    def __init__(self, status: int, message: str, code: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.field = field


def need(holds: bool, message: str, field: str | None = None) -> None:
    if not holds:
        raise Refused(400, message, field=field)


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def is_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and NAME.fullmatch(value) is not None


def objects(value: object, field: str) -> list[dict[str, Any]]:
    need(isinstance(value, list) and all(map(is_object, value)), f"{field}: a list of objects is expected", field)
    assert isinstance(value, list)
    return value
