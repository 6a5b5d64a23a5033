"""The README's game with a character, run as people would run it."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
import trio

from phonegame.characters.persona import Persona
from phonegame.wire import v1
from tests.local.text_server import Visit, text_server
from tests.wire.messages import CALL
from tests.wire.test_v1_readme import ADDRESS, README, WELCOME

ACTION = v1.ActionAsked(**CALL, action_id="a1", name="bake", arguments={"count": 2})


@pytest.mark.slow
async def test_the_game_has_a_character_and_does_what_it_wants() -> None:
    heard: list[object] = []

    async def visit(server: Visit) -> None:
        await server.say(v1.encode(WELCOME, None))
        heard.append(v1.parse(await server.hear()))
        await server.say(v1.encode(v1.CharacterSaid(**CALL, text="Guido's!", cut_off=True), 1))
        await server.say(v1.encode(ACTION, 2))
        heard.append(v1.parse(await server.hear()))
        await server.close(1001, "the server is going down")

    (code,) = re.findall(r"```python\n(.*?)```", README.partition("## Characters")[2], re.DOTALL)
    async with text_server(visit, v1.SUBPROTOCOL) as url:
        command = [sys.executable, "-c", code.replace(ADDRESS, url)]
        with trio.fail_after(20):
            ended = await trio.run_process(command, capture_stdout=True, stderr=subprocess.STDOUT, check=False)
    assert "Guido: Guido's!" in ended.stdout.decode().splitlines()
    character, result = heard
    assert isinstance(character, v1.Character)
    assert isinstance(character.character, Persona)
    assert [action.name for action in character.character.actions] == ["bake"]
    assert result == v1.ActionResult(action_id="a1", result={"minutes": 20})
