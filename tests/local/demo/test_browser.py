from __future__ import annotations

import webbrowser

import pytest

from phonegame.local.demo.browser import has_display, open_page

PAGE = "http://127.0.0.1:5000/demo"


class Window(webbrowser.BaseBrowser):
    def __init__(self, *, opens: bool) -> None:
        super().__init__()
        self.opens = opens
        self.shown: list[str] = []

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
        self.shown.append(url)
        return self.opens


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ""}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("darwin", {}, True),
        ("win32", {}, True),
    ],
)
def test_a_display_is_asked_for_where_there_may_be_none(
    platform: str, environment: dict[str, str], expected: bool
) -> None:
    assert has_display(environment, platform) is expected


@pytest.mark.parametrize("opens", [True, False])
async def test_the_page_is_shown_in_the_user_s_browser(monkeypatch: pytest.MonkeyPatch, opens: bool) -> None:
    window = Window(opens=opens)
    monkeypatch.setattr(webbrowser, "get", lambda: window)
    assert await open_page(PAGE) is opens
    assert window.shown == [PAGE]


async def test_a_browser_of_the_terminal_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    in_terminal = webbrowser.GenericBrowser("lynx")
    monkeypatch.setattr(in_terminal, "open", lambda *_: pytest.fail("it was started"))
    monkeypatch.setattr(webbrowser, "get", lambda: in_terminal)
    assert not await open_page(PAGE)


async def test_a_machine_without_a_browser_has_none_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_there() -> webbrowser.BaseBrowser:
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", none_there)
    assert not await open_page(PAGE)
