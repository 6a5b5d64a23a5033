"""One window on the product's pages, and all that went wrong in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Request

LOCAL = ("127.0.0.1", "localhost", "::1")


class Visit:
    """`faults`: console errors and warnings, exceptions, and requests that leave the machine."""

    _of_page: ClassVar[WeakKeyDictionary[Page, Visit]] = WeakKeyDictionary()

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.faults: list[str] = []
        context.on("console", self._hear)
        context.on("weberror", lambda error: self._fail(error.error))
        context.on("request", self._watch)
        self.page = context.new_page()
        self._of_page[self.page] = self

    @classmethod
    def of(cls, page: Page) -> Visit:
        return cls._of_page[page]

    def end(self) -> None:
        self.context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"{message.type}: {message.text}")

    def _fail(self, error: Error) -> None:
        self.faults.append(f"exception: {error.message}")

    def _watch(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "about") and parts.hostname not in LOCAL:
            self.faults.append(f"a request left the machine: {request.url}")


@contextmanager
def expecting(page: Page, *faults: str) -> Iterator[None]:
    """Faults that belong to what the test does, such as a refused connection. Each must come within the block."""
    visit = Visit.of(page)
    before = len(visit.faults)
    yield
    for fault in faults:
        found = next((each for each in visit.faults[before:] if fault in each), None)
        assert found is not None, f"{fault!r} is not among {visit.faults[before:]}"
        visit.faults.remove(found)


def accessibility_faults(page: Page) -> list[str]:
    """What axe finds on the page as it is at the moment, frames included: empty for a good page."""
    found = Axe().run(page)
    return [
        f"{violation['id']}: {violation['help']}: {[node['html'] for node in violation['nodes']]}"
        for violation in found.response["violations"]
    ]
