"""The tests' own eyes: a fault that they do not see would let every page pass."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.browser.conftest import OpenPage
from tests.browser.visit import Visit, accessibility_faults, expecting

GOOD = "<!doctype html><html lang='en'><title>Page</title><main><h1>Page</h1></main></html>"


def test_a_good_page_has_no_faults(open_page: OpenPage) -> None:
    page = open_page()
    page.set_content(GOOD)
    assert accessibility_faults(page) == []


def test_errors_and_requests_to_elsewhere_are_faults(chromium: Browser) -> None:
    visit = Visit(chromium.new_context(offline=True))
    page = visit.page
    page.set_content(GOOD)
    page.evaluate("console.error('wrong')")
    page.evaluate("setTimeout(() => { throw new Error('thrown') })")
    with page.expect_request("**"):
        page.evaluate("void fetch('https://example.com/').catch(() => {})")
    page.wait_for_timeout(0)
    visit.end()
    for fault in ("error: wrong", "exception: thrown", "a request left the machine: https://example.com/"):
        assert any(fault in each for each in visit.faults), visit.faults


def test_a_fault_that_belongs_to_the_test_is_forgiven_once(open_page: OpenPage) -> None:
    page = open_page()
    with expecting(page, "wrong"):
        page.evaluate("console.error('wrong')")
    assert Visit.of(page).faults == []


def test_a_picture_without_words_is_an_accessibility_fault(open_page: OpenPage) -> None:
    page = open_page()
    page.set_content(GOOD.replace("</main>", "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='></main>"))
    assert any(fault.startswith("image-alt") for fault in accessibility_faults(page))
