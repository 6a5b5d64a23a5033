"""What a client may send on `/v2/listen` as text. Messages of `/v1/listen` are mistakes, and fatal. No I/O in here."""

from __future__ import annotations

import json

from phonegame.local.speech.intake import BadText, CloseStream, Configure, ForceEndTurn, Received

CONTROL_TYPES = ("CloseStream", "Configure", "ForceEndTurn")
_THRESHOLDS = {"eot_threshold", "eager_eot_threshold", "eot_timeout_ms"}
_FIELDS = {"type", "thresholds", "keyterms", "numerals", "language_hints"}


def parse_control(text: str) -> Received:
    """A text frame -> what it asks for. Stricter than Deepgram, perhaps: unknown fields are mistakes too."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        return BadText(text, str(error))
    if not isinstance(message, dict) or message.get("type") not in CONTROL_TYPES:
        expected = ", ".join(f"`{name}`" for name in CONTROL_TYPES)
        return BadText(text, f"unknown variant, expected one of {expected}")
    match message["type"]:
        case "CloseStream":
            return CloseStream()
        case "ForceEndTurn":
            return ForceEndTurn()
        case _:
            return _configure(text, message)


def _configure(text: str, message: dict[str, object]) -> Received:
    unknown = message.keys() - _FIELDS
    if unknown:
        return BadText(text, f"unknown field `{min(unknown)}`")
    keyterms, numerals = message.get("keyterms"), message.get("numerals")
    if keyterms is not None and not _are_strings(keyterms):
        return BadText(text, "keyterms must be a list of strings")
    if numerals is not None and not isinstance(numerals, bool):
        return BadText(text, "numerals must be a boolean")
    thresholds = message.get("thresholds", {})
    if (
        not isinstance(thresholds, dict)
        or thresholds.keys() - _THRESHOLDS
        or not all(map(_is_number, thresholds.values()))
    ):
        return BadText(text, "thresholds must be an object of numbers")
    words = tuple(map(str, keyterms)) if isinstance(keyterms, list) else None
    return Configure(words, numerals, tuple(sorted(thresholds.items())))


def _are_strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
