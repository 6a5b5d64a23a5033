"""What is wrong with a model's server, in words for the operator. Nothing in them comes from the server but codes."""

from __future__ import annotations

from phonegame.characters.brain import BrainError, BrainRefused

KNOWN_CODES = frozenset(
    {"insufficient_quota", "rate_limit_exceeded", "context_length_exceeded", "model_not_found", "invalid_api_key"}
    | {"billing_error", "unsupported_parameter", "unknown_parameter", "content_filter", "string_above_max_length"}
)
"""Of OpenAI's and Anthropic's; others are not shown, since a server could put anything there."""
OVERLOADED = 529

_MEANING = {
    400: "it does not take the request",
    402: "the account has no credit: add some",
    403: "the key may not use this model: check PHONEGAME_MODEL_KEY and PHONEGAME_MODEL",
    404: "it has no such model, or another address: check PHONEGAME_MODEL and PHONEGAME_MODEL_URL",
    405: "it has another address: check PHONEGAME_MODEL_URL",
    413: "the conversation, or the persona, is too long for it",
    422: "it does not take the request",
    429: "too many requests at once: raise the account's limit, or try again later",
}


def refusal(status: int, code: object, *, has_key: bool) -> BrainError:
    """`code`: the server's name of the error, if it gives one."""
    shown = f"{status}, {code}" if code in KNOWN_CODES else f"{status}"
    if status == 401:
        advice = "the key is wrong: check" if has_key else "it wants a key: set"
        return BrainRefused(f"The model's server refuses ({shown}): {advice} PHONEGAME_MODEL_KEY")
    if code == "insufficient_quota":
        return BrainRefused(f"The model's server refuses ({shown}): {_MEANING[402]}")
    if code == "context_length_exceeded":
        return BrainRefused(f"The model's server refuses ({shown}): {_MEANING[413]}")
    if 300 <= status < 400:
        return BrainRefused(f"The model's server is elsewhere ({shown}): set PHONEGAME_MODEL_URL to where it sends one")
    if status >= 500:
        what = "is overloaded" if status in (503, OVERLOADED) else "has a fault"
        return BrainError(f"The model's server {what} ({shown}): try again later")
    meaning = _MEANING.get(status)
    return BrainRefused(f"The model's server refuses ({shown})" + (f": {meaning}" if meaning else ""))


def unreachable() -> BrainError:
    return BrainError("The model's server cannot be reached: check PHONEGAME_MODEL_URL, and that it runs")


def cut() -> BrainError:
    return BrainError("The model's server broke off in the middle of its reply: try again")


def garbage() -> BrainError:
    return BrainError("The model's server sent what is no reply: check that PHONEGAME_MODEL_URL is its API's address")


def reported() -> BrainError:
    return BrainError("The model's server reported an error in the middle of its reply: try again later")


def filtered() -> BrainError:
    return BrainRefused("The model's server will not answer this (content filter)")
