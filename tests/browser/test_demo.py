"""The game at `/demo` in a real Chromium, with callers at the real server."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.talking_house import TalkingHouse, talking_house
from tests.browser.visit import accessibility_faults, expecting
from tests.house import Caller

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]
expect.set_options(timeout=30_000)

ALL_WANT_PEPPERONI = "Math.random = () => 0.3"
"""One each, and the first of them sits at table 2."""
TIME_MACHINE = """
  const real = requestAnimationFrame.bind(window);
  let [waiting, ahead] = [[], 0];
  window.requestAnimationFrame = (frame) => waiting.push(frame);
  const draw = (now) => waiting.splice(0).forEach((frame) => frame(now + ahead));
  const go = (now) => (draw(now), real(go));
  real(go);
  window.pass = (seconds) => {
    for (let step = 0; step < seconds * 10; step += 1) (ahead += 100), draw(performance.now());
  };
"""
"""The game's time goes by in its frames, and these in the test's hands: ten a second."""
SHIFT_SECONDS = 180
BAKED_SECONDS = 9
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@pytest.fixture
def there() -> Iterator[TalkingHouse]:
    with talking_house() as house:
        yield house


def opened(open_page: OpenPage, there: TalkingHouse, **context: object) -> tuple[Page, str]:
    """The game, and its code, once it waits for a call."""
    page = open_page(**context)
    page.add_init_script(ALL_WANT_PEPPERONI)
    page.add_init_script(TIME_MACHINE)
    page.goto(f"{there.url}/demo")
    return page, code_of(page)


def code_of(page: Page) -> str:
    in_state(page, "waiting")
    return page.locator("#code").inner_text()


def in_state(page: Page, state: str) -> None:
    expect(page.locator("body")).to_have_attribute("data-state", state)


def passes(page: Page, seconds: float) -> None:
    """In the game, at once."""
    page.evaluate("seconds => window.pass(seconds)", seconds)


def in_oven(page: Page) -> list[str]:
    return page.locator("#oven li").all_text_contents()


def called(there: TalkingHouse, page: Page, code: str) -> Caller:
    caller = there.phone()
    there.joins(caller, code)
    in_state(page, "playing")
    return caller


def test_it_shows_whom_to_call_and_what_to_say(there: TalkingHouse, open_page: OpenPage) -> None:
    page, code = opened(open_page, there)
    assert code.isdigit()
    assert page.locator("#big-code").inner_text() == code
    expect(page.locator("#panel-waiting")).to_contain_text("Call +15550123456 and say")
    assert page.locator("#big-code").evaluate("at => parseFloat(getComputedStyle(at).fontSize)") >= 60


def test_without_scripts_it_says_what_it_needs(there: TalkingHouse, open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(f"{there.url}/demo")
    needs = page.locator("noscript p")
    expect(needs).to_have_text("The game needs JavaScript.")
    expect(needs).to_be_visible()


def test_guido_bakes_what_the_caller_orders_and_the_guest_is_served(there: TalkingHouse, open_page: OpenPage) -> None:
    page, code = opened(open_page, there)
    caller = called(there, page, code)
    there.hears(caller, "bake")
    passes(page, 2)
    expect(page.locator("#tables li").nth(1)).to_have_text("2: wants 1 pepperoni")
    there.says(caller, "one pepperoni")
    expect(page.locator("#oven li").first).to_have_text("1: pepperoni, baking")
    there.hears(caller, "pepperoni")
    expect(page.locator("#captions")).to_contain_text("You one pepperoni")
    expect(page.locator("#captions")).to_contain_text("Guido One pepperoni!")
    passes(page, BAKED_SECONDS)
    expect(page.locator("#oven li").first).to_have_text("1: pepperoni, ready")
    expect(page.locator("#oven li").nth(1)).to_have_text("2: empty")
    there.says(caller, "serve the pizzas")
    expect(page.locator("#captions")).to_contain_text("Guido There you go!")
    expect(page.locator("#oven li").first).to_have_text("1: empty")
    # not whether table 2 is free: the next guest may have sat down there
    expect(page.locator("#score")).not_to_have_text("0")
    there.hears(caller, "go")


def test_an_order_of_two_kinds_goes_into_the_oven_as_one(there: TalkingHouse, open_page: OpenPage) -> None:
    page, code = opened(open_page, there)
    caller = called(there, page, code)
    there.says(caller, "one mushroom and two hawaii")
    expect(page.locator("#oven li").nth(2)).to_have_text("3: hawaii, baking")
    expect(page.locator("#oven li").first).to_have_text("1: mushroom, baking")
    there.says(caller, "five margherita")
    there.hears(caller, "more")
    expect(page.locator("#oven li").nth(5)).to_have_text("6: margherita, baking")
    there.says(caller, "a pepperoni")
    there.hears(caller, "full")


def test_the_keyboard_serves(there: TalkingHouse, open_page: OpenPage) -> None:
    page, code = opened(open_page, there)
    caller = called(there, page, code)
    there.says(caller, "two pepperoni")
    expect(page.locator("#oven li").nth(1)).to_have_text("2: pepperoni, baking")
    page.keyboard.press("2")
    assert in_oven(page)[1] == "2: pepperoni, baking"
    passes(page, BAKED_SECONDS)
    page.keyboard.press("2")
    expect(page.locator("#oven li").first).to_have_text("1: pepperoni, ready")
    expect(page.locator("#oven li").nth(1)).to_have_text("2: empty")
    before = int(page.locator("#score").inner_text())
    passes(page, 8)
    page.keyboard.press(" ")
    expect(page.locator("#oven li").first).to_have_text("1: empty")
    # a pizza whose guest has left brings nothing, and costs nothing
    assert int(page.locator("#score").inner_text()) >= before


def test_a_tap_on_a_pizza_serves_it(there: TalkingHouse, open_page: OpenPage) -> None:
    page, code = opened(open_page, there, viewport=NARROW, has_touch=True)
    caller = called(there, page, code)
    there.says(caller, "one pepperoni")
    expect(page.locator("#oven li").first).to_have_text("1: pepperoni, baking")
    passes(page, BAKED_SECONDS)
    box = page.locator("#canvas").bounding_box()
    assert box is not None
    # the oven's first place, in the narrow picture of 560 x 640
    page.touchscreen.tap(box["x"] + box["width"] * 263 / 560, box["y"] + box["height"] * 142 / 640)
    expect(page.locator("#oven li").first).to_have_text("1: empty")


def test_after_three_minutes_the_shop_closes_and_opens_again(there: TalkingHouse, open_page: OpenPage) -> None:
    page, code = opened(open_page, there)
    caller = called(there, page, code)
    there.says(caller, "one pepperoni")
    expect(page.locator("#oven li").first).to_have_text("1: pepperoni, baking")
    passes(page, BAKED_SECONDS)
    page.keyboard.press(" ")
    expect(page.locator("#score")).not_to_have_text("0")
    points = page.locator("#score").inner_text()
    passes(page, SHIFT_SECONDS)
    in_state(page, "over")
    expect(page.locator("#final")).to_have_text(points)
    expect(page.locator("#summary")).to_contain_text("1 guest was served")
    expect(page.locator("#summary")).to_contain_text("Your best so far!")
    there.hears(caller, "again")
    there.says(caller, "again")
    in_state(page, "playing")
    # the next picture shows it
    expect(page.locator("#time")).to_have_text(re.compile(r"3:00|2:5\d"))
    page.reload()
    in_state(page, "waiting")
    expect(page.locator("#best")).to_have_text(points)


def test_who_hangs_up_may_call_again_and_goes_on(there: TalkingHouse, open_page: OpenPage) -> None:
    page, code = opened(open_page, there)
    caller = called(there, page, code)
    there.says(caller, "goodbye")
    expect(page.locator("#captions")).to_contain_text(f"To go on, call again and say {code}.")
    in_state(page, "playing")
    another = there.phone()
    there.joins(another, code)
    there.says(another, "one pepperoni")
    expect(page.locator("#oven li").first).to_have_text("1: pepperoni, baking")


def test_two_windows_are_two_games(there: TalkingHouse, open_page: OpenPage) -> None:
    (one, code), (other, other_code) = opened(open_page, there), opened(open_page, there)
    assert code != other_code
    caller = called(there, other, other_code)
    there.says(caller, "one pepperoni")
    expect(other.locator("#oven li").first).to_have_text("1: pepperoni, baking")
    in_state(one, "waiting")
    assert in_oven(one)[0] == "1: empty"


def test_a_lost_connection_is_told_and_comes_back_with_the_same_code(there: TalkingHouse, open_page: OpenPage) -> None:
    page, code = opened(open_page, there)
    there.cut_cable()
    in_state(page, "lost")
    expect(page.locator("#lost-text")).to_contain_text("The server is away")
    in_state(page, "waiting")
    assert page.locator("#code").inner_text() == code


def test_a_server_with_keys_is_asked_for_one(open_page: OpenPage) -> None:
    with talking_house(game_keys="planted-game-key") as there:
        page = open_page()
        page.goto(f"{there.url}/demo")
        in_state(page, "key")
        assert accessibility_faults(page) == []
        with expecting(page, "WebSocket connection to"):
            page.get_by_label("A key for games").fill("planted-wrong-key")
            page.keyboard.press("Enter")
            expect(page.get_by_role("alert")).to_contain_text("asks for another key")
        page.get_by_label("A key for games").fill("planted-game-key")
        page.keyboard.press("Enter")
        assert code_of(page).isdigit()
        # for as long as the window is open
        page.reload()
        assert code_of(page).isdigit()
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_it_is_accessible_and_fits(
    there: TalkingHouse, open_page: OpenPage, scheme: str, viewport: dict[str, int]
) -> None:
    page, code = opened(open_page, there, color_scheme=scheme, viewport=viewport)
    assert accessibility_faults(page) == []
    called(there, page, code)
    passes(page, SHIFT_SECONDS - 10)
    assert accessibility_faults(page) == []
    passes(page, 11)
    in_state(page, "over")
    assert accessibility_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_every_control_is_reached_by_the_keyboard(there: TalkingHouse, open_page: OpenPage) -> None:
    page, code = opened(open_page, there)
    called(there, page, code)
    reached = []
    for _ in range(4):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))
    assert reached == ["serve", "restart", "sound", "captions"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=re.compile("Sound"))).to_have_attribute("aria-pressed", "false")
