"""Who plays which character."""

from __future__ import annotations

import pytest
import structlog
import trio
from trio.testing import wait_all_tasks_blocked

from phonegame.characters.brain import BrainMissing
from phonegame.characters.persona import Persona
from phonegame.characters.troupe import Troupe
from phonegame.local.model import ModelConfig, ModelService, serve_model

SCRIPTED = Persona(name="A", script='[states.hello]\nsay = "Hello."')
MODELLED = Persona(name="B", persona="A cook.")


async def test_a_script_needs_no_model() -> None:
    troupe = Troupe()
    async with trio.open_nursery() as nursery:
        await nursery.start(troupe.run)
        assert troupe.find(SCRIPTED).name == "script"
        with pytest.raises(BrainMissing, match="PHONEGAME_MODEL"):
            troupe.find(MODELLED)


def test_a_model_that_cannot_be_asked_is_told_at_the_start_and_to_whoever_needs_it() -> None:
    with structlog.testing.capture_logs() as logged:
        troupe = Troupe("gpt-4.1-mini")
    assert logged[0]["event"] == "no character without a script can be played"
    with pytest.raises(BrainMissing, match="OpenAI wants a key"):
        troupe.find(MODELLED)
    assert troupe.find(SCRIPTED).name == "script"


async def test_whoever_is_to_play_is_warmed_up_once_a_character_begins() -> None:
    async with trio.open_nursery() as nursery:
        model: ModelService = await nursery.start(serve_model, ModelConfig())
        troupe = Troupe("local", url=model.openai_url)
        await nursery.start(troupe.run)
        assert model.connections == 0
        assert troupe.find(MODELLED).name == "openai:local"
        assert troupe.find(MODELLED) is troupe.find(MODELLED)
        with trio.fail_after(10):  # noqa: ASYNC912 - there may be nothing to wait for
            while model.connections == 0:
                await wait_all_tasks_blocked(0.001)
        nursery.cancel_scope.cancel()
