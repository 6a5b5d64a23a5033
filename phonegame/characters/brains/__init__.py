"""The brains that there are, by the name of a model.

gpt-4.1-mini, openai:gpt-4.1-mini, qwen3:8b    whatever speaks OpenAI's protocol
anthropic:claude-haiku-4-5                     Anthropic's
langchain:module:object                        a LangChain runnable, imported from the operator's own code
"""

from __future__ import annotations

import logging

from phonegame.characters.brain import BrainMissing
from phonegame.characters.brains.model_brain import ModelBrain

_NOISY = ("openai", "anthropic", "httpx2", "httpcore2", "httpx", "httpcore", "langchain", "langchain_core", "langsmith")


def find_brain(model: str, *, url: str = "", key: str = "") -> ModelBrain:
    """Imports a library only when it is asked for. Raises BrainMissing, which says what to do."""
    kind, _, name = model.partition(":")
    match kind:
        case "":
            raise BrainMissing("No model is set: set PHONEGAME_MODEL, or give the character a script")
        case "anthropic":
            from phonegame.characters.brains.anthropic import AnthropicBrain

            brain: ModelBrain = AnthropicBrain(name, url=url, key=key)
        case "langchain":
            from phonegame.characters.brains.langchain import LangChainBrain, find_runnable

            brain = LangChainBrain(find_runnable(name), name)
        case _:
            from phonegame.characters.brains.openai import OpenAIBrain

            brain = OpenAIBrain(model.removeprefix("openai:"), url=url, key=key)
    _silence()
    return brain


def _silence() -> None:
    """Their logs tell what is said, at levels that variables of theirs set when they are imported."""
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
