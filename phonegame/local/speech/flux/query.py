"""What a client asks for when it opens `/v2/listen`. Parameters of `/v1/listen` are refused. No I/O in here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from phonegame.local.speech.parameters import BadParameterError, Given, boolean, check_tags, grouped, single, whole
from phonegame.local.speech.query import KEYTERM_TOKENS, count_tokens
from phonegame.local.speech.refusals import BAD_QUERY, Refusal

MODELS = {"flux-general-en": "en", "flux-general-multi": "multi"}
DECODED = frozenset({"mulaw", "alaw", "linear16"})
NOT_DECODED = frozenset({"linear32", "opus", "ogg-opus"})
RATES = frozenset({8000, 16000, 24000, 44100, 48000})
MOST_KEYTERMS, LONGEST_KEYTERM = 100, 100
PAUSE_MS = 200
"""Ours: a recogniser says that the caller pauses after so much silence."""

BOOLEANS = frozenset({"numerals", "profanity_filter", "mip_opt_out"})
SINGLE = frozenset({"model", "encoding", "sample_rate", "eot_threshold", "eager_eot_threshold", "eot_timeout_ms"})
REPEATABLE = frozenset({"keyterm", "tag", "redact", "language_hint"})


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a turn is over; `eager` None: no EagerEndOfTurn. BadParameterError for what Deepgram refuses."""

    eot: float = 0.7
    eager: float | None = None
    timeout_ms: int = 5000

    def __post_init__(self) -> None:
        if not 0.5 <= self.eot <= 1:
            raise BadParameterError("'eot_threshold' must be from 0.5 to 1.0.")
        if self.eager is not None and not 0.3 <= self.eager <= 0.9:
            raise BadParameterError("'eager_eot_threshold' must be from 0.3 to 0.9.")
        if self.eager is not None and self.eager > self.eot:
            raise BadParameterError("'eager_eot_threshold' must not be above 'eot_threshold'.")
        if not 500 <= self.timeout_ms <= 60_000:
            raise BadParameterError("'eot_timeout_ms' must be from 500 to 60000.")


@dataclass(frozen=True, slots=True)
class FluxOptions:
    model: str
    encoding: str | None
    sample_rate: int
    thresholds: Thresholds
    numerals: bool
    keyterms: tuple[str, ...]
    language_hints: tuple[str, ...]
    channels: int = 1
    endpointing_ms: int = PAUSE_MS

    @property
    def language(self) -> str:
        return MODELS[self.model]


def parse_query(query: str) -> FluxOptions | Refusal:
    """The part of the URL after `?` -> options, or the first thing that is wrong with it."""
    try:
        return _options(grouped(query, known=BOOLEANS | REPEATABLE | SINGLE, repeatable=REPEATABLE))
    except BadParameterError as error:
        return Refusal(400, BAD_QUERY, str(error))


def check_keyterms(keyterms: Sequence[str]) -> None:
    """Raises BadParameterError: one that is empty or too long has the whole connection refused."""
    if any(not keyterm.strip() for keyterm in keyterms):
        raise BadParameterError("'keyterm' must not be empty.")
    if any(len(keyterm) > LONGEST_KEYTERM for keyterm in keyterms):
        raise BadParameterError(f"A 'keyterm' has at most {LONGEST_KEYTERM} characters.")
    if len(keyterms) > MOST_KEYTERMS or count_tokens(tuple(keyterms)) > KEYTERM_TOKENS:
        raise BadParameterError(f"Keyterm limit exceeded: {MOST_KEYTERMS} keyterms, {KEYTERM_TOKENS} tokens.")


def _options(given: Given) -> FluxOptions:
    for name in BOOLEANS:
        boolean(name, given)
    model, encoding, sample_rate = single("model", given), *_audio(given)
    if model not in MODELS:
        raise BadParameterError(f"No such model/language/tier combination found: '{model}'.")
    check_tags(given)
    check_keyterms(given.get("keyterm", ()))
    hints = tuple(given.get("language_hint", ()))
    if hints and MODELS[model] != "multi":
        raise BadParameterError("'language_hint' is supported by flux-general-multi only.")
    return FluxOptions(
        model=model,
        encoding=encoding,
        sample_rate=sample_rate,
        thresholds=_thresholds(given),
        numerals=boolean("numerals", given),
        keyterms=tuple(given.get("keyterm", ())),
        language_hints=hints,
    )


def _thresholds(given: Given) -> Thresholds:
    eager = single("eager_eot_threshold", given)
    return Thresholds(
        _fraction("eot_threshold", single("eot_threshold", given) or "0.7"),
        None if eager is None else _fraction("eager_eot_threshold", eager),
        whole("eot_timeout_ms", single("eot_timeout_ms", given) or "5000"),
    )


def _fraction(name: str, value: str) -> float:
    if not re.fullmatch(r"[0-9](\.[0-9]{1,6})?", value):
        raise BadParameterError(f"'{name}' must be a number, not '{value}'.")
    return float(value)


def _audio(given: Given) -> tuple[str | None, int]:
    encoding, rate = single("encoding", given), single("sample_rate", given)
    if encoding is None:
        return None, 8000  # a container, which is never decoded here
    if encoding in NOT_DECODED:
        raise BadParameterError(f"'encoding={encoding}' is not offered by this local speech service.")
    if encoding not in DECODED:
        raise BadParameterError(f"Unsupported encoding '{encoding}'.")
    if rate is None:
        raise BadParameterError("'sample_rate' is required when 'encoding' is given.")
    if whole("sample_rate", rate) not in RATES:
        raise BadParameterError(f"Unsupported sample rate '{rate}'.")
    return encoding, int(rate)
