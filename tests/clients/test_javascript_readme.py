"""The games in the READMEs that are made with the JavaScript client, run as people would run them; and its types."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import environment
import pytest
import trio

from tests.clients.javascript import CLIENT, node
from tests.scenarios.conversation import open_talking_house

pytestmark = pytest.mark.slow

ADDRESS = "ws://127.0.0.1:5000/game"
TYPESCRIPT = ["-y", "-p", "typescript@7", "tsc"]


def game_in(readme: Path, language: str) -> str:
    code = next(
        code
        for code in re.findall(rf"```{language}\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)
        if "new Phonegame(" in code
    )
    return str(code)


@pytest.mark.parametrize(
    ("readme", "language"),
    [(CLIENT / "README.md", "javascript"), (environment.ROOT / "README.md", "js")],
    ids=["client", "project"],
)
async def test_the_game_hears_and_speaks(tmp_path: Path, readme: Path, language: str) -> None:
    (tmp_path / "phonegame").symlink_to(CLIENT)
    async with open_talking_house() as house:
        code = game_in(readme, language).replace(ADDRESS, house.game_url)
        assert house.game_url in code
        (tmp_path / "game.mjs").write_text(code, encoding="utf-8")
        process = await trio.lowlevel.open_process([*node(), str(tmp_path / "game.mjs")], stdout=subprocess.PIPE)
        assert process.stdout is not None
        printed = b""
        async with process.stdout as stdout:

            async def reads(pattern: bytes) -> re.Match[bytes]:
                nonlocal printed
                while not (found := re.search(pattern, printed)):
                    received = await stdout.receive_some()
                    assert received, printed
                    printed += received
                return found

            try:
                told = await reads(rb"Call \+15550123456 and say (\d+)\n")
                async with house.phone() as caller:
                    await caller.phone.key(f"{told[1].decode()}#")
                    await caller.reaches("order")
                    await caller.says("one pizza")
                    await reads(rb"Player 1: one pizza\n")
            finally:
                process.kill()
                with trio.move_on_after(5, shield=True):
                    await process.wait()
        # what it leaves behind is waited for
        house.phonegame.end_nowait()


def test_typescript_finds_no_fault_in_the_client_s_types(tmp_path: Path) -> None:
    npx = shutil.which("npx")
    if npx is None:
        pytest.skip("there is no npx")
    try:
        known = subprocess.run([npx, *TYPESCRIPT, "--version"], capture_output=True, timeout=40, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm's registry does not answer")
    if known.returncode != 0:
        pytest.skip("npm's registry cannot be reached")
    checked = subprocess.run([npx, *TYPESCRIPT, "-p", str(CLIENT)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
    types = [*TYPESCRIPT, "-p", str(CLIENT), "--noEmit", "false", "--declaration", "--emitDeclarationOnly"]
    made = subprocess.run([npx, *types, "--outDir", str(tmp_path)], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout
    assert "say(text: string, options?: SayOptions): Promise<SayFinished>;" in (tmp_path / "phonegame.d.ts").read_text(
        encoding="utf-8"
    )
