"""The JavaScript client knows every message of the server's catalogue, and cannot fall behind unnoticed."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from javascript_messages import messages_module
from protocol import MESSAGES, README, main

from phonegame.speak.saying import Priority
from phonegame.wire import v1
from phonegame.wire.v1.catalogue import CATALOGUE, Direction
from tests.clients.javascript import CLIENT, node

EVERY_MESSAGE = Path(__file__).with_name("every_message.mjs")


def names(direction: Direction) -> list[str]:
    return [entry.name for entry in CATALOGUE if entry.direction is direction]


def test_its_messages_are_those_of_the_catalogue() -> None:
    text = MESSAGES.read_text(encoding="utf-8")
    assert text == messages_module(), "python scripts/protocol.py writes it anew"
    for constant, direction in (("TO_GAME", Direction.TO_GAME), ("FROM_GAME", Direction.FROM_GAME)):
        (listed,) = re.findall(rf"export const {constant} = .*?\[\n(.*?)\]", text, re.DOTALL)
        assert re.findall(r'"(\w+)"', listed) == names(direction)


def test_stale_messages_are_found_and_written_anew(tmp_path: Path) -> None:
    stale = tmp_path / "messages.js"
    stale.write_text("// nothing yet\n", encoding="utf-8")
    assert main(["--check", str(README), str(stale)]) == 1
    assert main([str(README), str(stale)]) == 0
    assert stale.read_text(encoding="utf-8") == messages_module()


def spoken_by_client() -> dict[str, Any]:
    command = [*node(), str(EVERY_MESSAGE), (CLIENT / "phonegame.js").as_uri()]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 0, ended.stderr
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


def test_it_has_a_method_for_every_message_and_an_event_for_every_answer() -> None:
    told = spoken_by_client()
    assert {message["type"] for message in told["sent"]} == set(names(Direction.FROM_GAME))
    # pongs answer its own pings
    assert set(told["events"]) == set(names(Direction.TO_GAME)) - {"pong"}
    parsed = [v1.parse(json.dumps(message)) for message in told["sent"]]
    assert [each for each in parsed if isinstance(each, v1.Ignored | v1.Malformed)] == []
    assert (
        v1.Say(
            text="Hello.",
            call_id="c",
            say_id="s",
            voice="v",
            priority=Priority.NOW,
            interruptible=False,
            start_within=1.0,
        )
        in parsed
    )
    assert v1.Resume(resume_token="t", last_seq=100) in parsed


def test_what_is_published_is_complete() -> None:
    package = json.loads((CLIENT / "package.json").read_text(encoding="utf-8"))
    assert (package["type"], package["license"], package["exports"]["."]["default"]) == (
        "module",
        "MIT",
        "./phonegame.js",
    )
    assert {"phonegame.js", "README.md", "LICENSE"} <= {path.name for path in CLIENT.iterdir()}
    for path in CLIENT.glob("*.js"):
        imported = re.findall(r'from "\./([\w.]+)"', path.read_text(encoding="utf-8"))
        assert [name for name in imported if not (CLIENT / name).is_file()] == []
