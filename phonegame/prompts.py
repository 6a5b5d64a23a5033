"""What the server itself says to callers. Every text is a setting: PHONEGAME_PROMPT_ and the name in capitals."""

from __future__ import annotations

import string
from typing import Annotated

from pydantic import AfterValidator
from pydantic_settings import BaseSettings

MAX_PROMPT = 1000
"""Characters, a minute of speech."""
MAX_GOODBYE = 150
"""Ten seconds of speech: the call ends then."""
SILENT = "none"
"""The value for which nothing is said: an empty variable counts as none at all."""


def _prompt(placeholders: set[str], text: str, most: int = MAX_PROMPT) -> str:
    if len(text) > most:
        raise ValueError(f"has {len(text)} characters; at most {most} can be spoken")
    try:
        named = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
        text.format(**dict.fromkeys(placeholders, ""))
    except (ValueError, LookupError, AttributeError):
        named = {""}
    if not named <= placeholders:
        allowed = f"{{{'}, {'.join(sorted(placeholders))}}}" if placeholders else "none"
        raise ValueError(f"has braces that stand for nothing; allowed here: {allowed}; write {{{{ for a brace")
    return "" if text.strip().lower() == SILENT else text.strip()


def _plain(text: str) -> str:
    return _prompt(set(), text).format()


def _goodbye(text: str) -> str:
    return _prompt(set(), text, MAX_GOODBYE).format()


def _spoken(text: str) -> str:
    if not (plain := _plain(text)):
        raise ValueError("cannot be none: nobody may be recorded without being told")
    return plain


def _naming_code(text: str) -> str:
    return _prompt({"code"}, text)


Prompt = Annotated[str, AfterValidator(_plain)]
GoodbyePrompt = Annotated[str, AfterValidator(_goodbye)]
SpokenPrompt = Annotated[str, AfterValidator(_spoken)]
CodePrompt = Annotated[str, AfterValidator(_naming_code)]


class Prompts(BaseSettings):
    """An empty text is not said at all."""

    prompt_welcome: Prompt = "Welcome."
    """When a call begins."""
    prompt_say_code: Prompt = "Please say the code that you see on the screen."
    """After the welcome, and again while no code comes."""
    prompt_wrong_code: CodePrompt = "No game shows {code}. Please try again."
    """`{code}` is what was understood."""
    prompt_joined: Prompt = "You are in."
    prompt_away: Prompt = "The game has lost its connection. Please hold on."
    """Before the hold tone."""
    prompt_back: Prompt = "The game is back."
    prompt_busy: GoodbyePrompt = "Somebody else is on the phone with this game. Goodbye."
    prompt_unreachable: GoodbyePrompt = "I am sorry, I cannot reach your game. Please call again in a minute. Goodbye."
    """Of several workers, the one that has it does not answer, or Redis does not."""
    prompt_game_over: GoodbyePrompt = "The game has ended. Goodbye."
    prompt_wrong_codes: GoodbyePrompt = "I cannot find your game. Please check the code, and call again. Goodbye."
    """The last of `PHONEGAME_WRONG_CODES` tries was wrong."""
    prompt_no_code: GoodbyePrompt = "I have not heard a code. Please call again. Goodbye."
    prompt_sorry: GoodbyePrompt = "I am sorry, I cannot hear you. Please call again later. Goodbye."
    """Speech recognition has failed for good."""
    prompt_closing: GoodbyePrompt = "I am sorry, the line is closing. Goodbye."
    """The server is going down."""

    prompt_recording: SpokenPrompt = "This call is being recorded."
    """Heard to its end before anything is recorded. Cannot be silent."""

    prompt_limit_turns: GoodbyePrompt = "That was the last answer that I can give in one call. Goodbye."
    """A character has answered `PHONEGAME_CALL_TURNS` times."""
    prompt_limit_tokens: GoodbyePrompt = "I have thought as much as I can in one call. Goodbye."
    prompt_limit_minutes: GoodbyePrompt = "Our time is up. Goodbye."
    prompt_limit_characters: GoodbyePrompt = "I have said as much as I can in one call. Goodbye."

    prompt_day_turns: GoodbyePrompt = "I have answered enough for today. Please call again tomorrow. Goodbye."
    """`PHONEGAME_DAY_TURNS`, by all characters together; so the next three."""
    prompt_day_tokens: GoodbyePrompt = "I have thought enough for today. Please call again tomorrow. Goodbye."
    prompt_day_minutes: GoodbyePrompt = "I have no more time today. Please call again tomorrow. Goodbye."
    prompt_day_characters: GoodbyePrompt = "I have said enough for today. Please call again tomorrow. Goodbye."

    def fixed_prompts(self) -> list[str]:
        """The texts that are always the same, which a voice does well to remember."""
        names = (name for name in Prompts.model_fields if name != "prompt_wrong_code")
        return [text for name in names if (text := getattr(self, name))]

    def wrong_code(self, said: str) -> str:
        """`said`: digits or a word."""
        return self.prompt_wrong_code.format(code=spelled(said))


def spelled(code: str) -> str:
    """How a code is read out: up to two digits as a number, longer ones and "07" digit by digit, words as they are."""
    if code.isdecimal() and (len(code) > 2 or (len(code) == 2 and code[0] == "0")):
        return ", ".join(code)
    return code
