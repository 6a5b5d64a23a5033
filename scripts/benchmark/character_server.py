"""The server under test where callers talk to a character: `phonegame serve`, and one character for all of them.

Writes what each turn took, one object a line, to the file that BENCH_TURNS names.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import msgspec
import trio

from phonegame.characters.brain import Brain
from phonegame.characters.brains import find_brain
from phonegame.characters.brains.script.brain import ScriptBrain
from phonegame.characters.persona import Persona
from phonegame.characters.timing import TurnTimes
from phonegame.garbage import spare_what_is_loaded
from phonegame.serve import run_server
from phonegame.settings import Settings
from phonegame.stop_signals import run_until_stopped


async def serve(wait_for_stop: Callable[[], Awaitable[None]]) -> None:
    settings = Settings.load()
    persona = msgspec.json.decode(os.environ["BENCH_PERSONA"], type=Persona)
    turns = await trio.open_file(os.environ["BENCH_TURNS"], "w", buffering=1, encoding="utf-8")
    async with turns, AsyncExitStack() as stack:
        brain: Brain = ScriptBrain()
        if not persona.script:
            brain = await stack.enter_async_context(find_brain(settings.model, url=settings.model_url))
        nursery = await stack.enter_async_context(trio.open_nursery())
        server = await nursery.start(run_server, settings, wait_for_stop)
        casting = server.phonegame.casting

        def on_turn(times: TurnTimes) -> None:
            casting.on_turn(times)
            taken = {**times.stages(), "ours": times.ours, "waited": times.waited}
            turns.wrapped.write(msgspec.json.encode(taken).decode() + "\n")

        server.phonegame.casting = dataclasses.replace(
            casting, own=persona, find_brain=lambda persona: brain, on_turn=on_turn
        )
        spare_what_is_loaded()


if __name__ == "__main__":
    trio.run(run_until_stopped, serve)
