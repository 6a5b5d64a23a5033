"""`/demo` without a browser: who is shown it, with which phone, and what it may load."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from quart import Response

from phonegame.app import create_app
from phonegame.local.twilio_api.browser_phone.service import NUMBERS
from phonegame.settings import Settings
from phonegame.web.assets import PREFIX, asset_files
from tests.twilio_side import LOCKS

CARRIER = {
    "TWILIO_API_URL": "http://127.0.0.1:5009",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "planted-token",
    "TWILIO_PHONE_NUMBER": "+12015550100",
    "dial_allow": "+1201",
}
HOST = {"Host": "127.0.0.1:5000"}


async def get(path: str, headers: dict[str, str] | None = None, **values: Any) -> Response:
    app = create_app(Settings(_env_file=None, DEEPGRAM_API_KEY="key", voice="none", **values))
    return await app.test_client().get(path, headers=headers or HOST)


class Links(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.frames: list[str] = []
        self.numbers: list[str] = []
        self.files: list[str] = []
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        address = values.get("src") or (values.get("href") if tag == "link" else None)
        if tag == "iframe":
            self.frames.append(values["data-address"] or "")
            self.numbers = (values["data-numbers"] or "").split()
        elif address:
            self.files.append(address)
        if (
            tag == "style"
            or (tag == "script" and not address)
            or any(name.startswith(("on", "style")) for name in values)
        ):
            self.inline.append(tag)


async def test_on_this_machine_it_is_a_game_with_the_local_carrier_s_phone() -> None:
    answer = await get("/demo", None, **CARRIER)
    links = Links(await answer.get_data(as_text=True))
    assert answer.status_code == 200
    assert links.frames == ["http://127.0.0.1:5009/phone?number=%2B12015550100"]
    assert set(links.numbers) < set(NUMBERS)
    assert links.inline == []
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-src http://127.0.0.1:5009;" in policy
    assert "script-src 'self';" in policy
    assert "connect-src 'self' ws://127.0.0.1:5000;" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_everything_that_it_loads_is_served_and_nothing_else_is() -> None:
    links = Links(await (await get("/demo")).get_data(as_text=True))
    assert links.files
    for file in [*links.files, *(f"static/{name}" for name in asset_files())]:
        assert (await get(f"/{file}")).status_code == 200, file
    for path in ("app.py", "../app.py", "..%2f..%2fapp.py", "client/package.json", "demo", ""):
        assert (await get(f"{PREFIX}{path}")).status_code == 404


async def test_what_its_modules_import_is_there() -> None:
    files = asset_files()
    for name, path in files.items():
        for imported in re.findall(r'^import .*? from "(\..+?)";', path.read_text(encoding="utf-8"), re.MULTILINE):
            parts = name.split("/")[:-1]
            for part in imported.split("/"):
                parts = parts[:-1] if part == ".." else [*parts, part] if part != "." else parts
            assert "/".join(parts) in files, (name, imported)


async def test_an_asset_is_sent_again_only_where_it_has_changed() -> None:
    first = await get("/static/style.css")
    assert first.headers["Content-Type"] == "text/css; charset=utf-8"
    again = await get("/static/style.css", {**HOST, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, await again.get_data()) == (304, b"")


async def test_with_twilio_itself_the_player_takes_their_own_phone() -> None:
    answer = await get("/demo", TWILIO_PHONE_NUMBER="+12025550100")
    text = await answer.get_data(as_text=True)
    assert Links(text).frames == []
    assert "Take your phone" in text
    assert "+12025550100" in text
    assert "frame-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("keys", ["", "planted-game-key"])
async def test_a_key_is_asked_for_where_games_need_one_and_none_is_in_the_page(keys: str) -> None:
    text = await (await get("/demo", game_keys=keys, operator_key="planted-operator-key")).get_data(as_text=True)
    assert f'data-asks-for-key="{"yes" if keys else "no"}"' in text
    assert "planted" not in text


class TestOff:
    async def test_where_the_server_can_be_reached_from_outside(self) -> None:
        answer = await get("/demo", **LOCKS)
        assert answer.status_code == 404
        assert "PHONEGAME_DEMO=on" in await answer.get_data(as_text=True)

    async def test_for_who_comes_from_outside_with_all_locks_set(self) -> None:
        locks = {**LOCKS, "public_url": ""}
        assert (await get("/demo", {"Host": "phone.example"}, **locks)).status_code == 404
        assert (await get("/demo", **locks)).status_code == 200

    async def test_unless_it_is_turned_on_and_then_without_this_machine_s_phone(self) -> None:
        answer = await get("/demo", {"Host": "phone.example"}, **{**CARRIER, **LOCKS, "demo": "on"})
        assert answer.status_code == 200
        assert Links(await answer.get_data(as_text=True)).frames == []

    async def test_by_its_setting(self) -> None:
        assert (await get("/demo", demo="off")).status_code == 404
