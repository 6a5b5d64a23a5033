"""Shows the demo's page in the user's browser, where there is one to see."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Mapping

import trio

_WITHOUT_ASKING = ("win32", "darwin")
"""Where somebody who starts a program in a terminal mostly sits at a screen."""


def has_display(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    return platform in _WITHOUT_ASKING or any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


async def open_page(url: str) -> bool:
    """Whether a browser has taken it. Never starts one that would take over the terminal, such as lynx."""
    return await trio.to_thread.run_sync(_open, url, abandon_on_cancel=True)


def _open(url: str) -> bool:
    try:
        browser = webbrowser.get()
        # in the terminal, and waited for until it ends: all of this class but those of a subclass
        return type(browser) is not webbrowser.GenericBrowser and browser.open(url)
    except (webbrowser.Error, OSError):
        return False
