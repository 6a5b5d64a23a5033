"""A real Chromium, driven by Playwright on the test's own thread: what it visits runs elsewhere (`in_thread`)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest
from playwright.sync_api import Browser, BrowserType, Page, sync_playwright

from tests.browser.visit import Visit
from tests.programs import needed_program

# as root, Chromium's sandbox does not start; what it visits here is this project's own
BARE = [] if sys.platform != "linux" or os.geteuid() else ["--no-sandbox"]
QUIET = ["--disable-background-networking", "--disable-component-update", "--no-first-run"]

Launch: TypeAlias = Callable[..., Browser]
OpenPage: TypeAlias = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium_type() -> Iterator[BrowserType]:
    """For a module only: Playwright's loop stays on this thread for as long."""
    needed_program("chromium")
    with sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope="module")
def launch(chromium_type: BrowserType) -> Iterator[Launch]:
    """`launch("--use-fake-device-for-media-stream", ...)`: one browser of its own. All end with the module."""
    browsers: list[Browser] = []

    def start(*arguments: str) -> Browser:
        path = needed_program("chromium")
        browsers.append(chromium_type.launch(executable_path=path, args=[*BARE, *QUIET, *arguments]))
        return browsers[-1]

    yield start
    for browser in browsers:
        browser.close()


@pytest.fixture(scope="module")
def chromium(launch: Launch) -> Browser:
    """Without a microphone."""
    return launch()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """`open_page()`: a page in a window of its own. At the end of the test none may have had an error.

    `browser`: another one than `chromium`. The rest goes to Playwright's `Browser.new_context`, such as
    `color_scheme="dark"` or `viewport={"width": 390, "height": 844}`.
    """
    visits: list[Visit] = []

    def start(*, browser: Browser | None = None, **context: object) -> Page:
        visits.append(Visit((browser or chromium).new_context(**context)))  # type: ignore[arg-type]
        return visits[-1].page

    yield start
    for visit in visits:
        visit.end()
    assert [fault for visit in visits for fault in visit.faults] == []
