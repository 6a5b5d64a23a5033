"""The operator's page in a real browser: during a call, with two hundred of them, without scripts, without a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
import trio
from playwright.sync_api import Browser, Page, expect

from phonegame.board import Board
from phonegame.local.twilio_api import Answers
from phonegame.wire import v1
from tests.browser.conftest import OpenPage
from tests.browser.crowd import crowd, fake_call
from tests.browser.visit import Visit, accessibility_faults, expecting
from tests.house import House
from tests.in_thread import in_thread
from tests.scenarios.conversation import open_talking_house
from tests.scenarios.test_game_characters import ORDER, PIZZERIA
from tests.scenarios.town import OPERATOR_KEY, TO, open_town

pytestmark = pytest.mark.slow

PHONE = {"width": 390, "height": 844}
SECONDS = 120
CROWD = 200


class Stage:
    """What goes on beside the page. The test lets it go on, step by step: it cannot wait for trio's tasks itself."""

    def __init__(self, house: House) -> None:
        self.url = f"http://{house.address}/"
        self.board: Board = house.phonegame.board
        self.code = ""
        self._token = trio.lowlevel.current_trio_token()
        self._steps: dict[str, trio.Event] = {}

    def step(self, name: str) -> trio.Event:
        return self._steps.setdefault(name, trio.Event())

    def go(self, name: str) -> None:
        trio.from_thread.run_sync(lambda: self.step(name).set(), trio_token=self._token)

    def waits_for(self, condition: Callable[[], bool]) -> None:
        async def wait() -> None:
            with trio.fail_after(20):  # noqa: ASYNC912 - it may be so already
                while not condition():  # noqa: ASYNC110 - nobody tells
                    await trio.sleep(0.01)

        trio.from_thread.run(wait, trio_token=self._token)


@asynccontextmanager
async def quiet_house() -> AsyncIterator[Stage]:
    async with open_talking_house(seconds=SECONDS) as house:
        yield Stage(house)


@asynccontextmanager
async def house_with_a_call() -> AsyncIterator[Stage]:
    """A game whose character takes orders, and somebody who calls it."""
    async with open_talking_house(seconds=SECONDS) as house, house.v1_game() as game, trio.open_nursery() as nursery:
        stage = Stage(house)
        stage.code = game.code
        await game.client.character(script=PIZZERIA)

        async def call() -> None:
            await stage.step("calls").wait()
            async with house.phone(from_number="+12025550147") as caller:
                await stage.step("keys the code").wait()
                await caller.joins(game)
                await caller.hears_words("a00", "a01")
                await stage.step("orders").wait()
                await caller.says(ORDER)
                asked = await game.gets(v1.ActionAsked)
                await game.client.action_result(asked.action_id, {"minutes": "w20"})
                await caller.phone.key("5")
                await stage.step("hangs up").wait()

        nursery.start_soon(call)
        yield stage
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def crowded_house() -> AsyncIterator[Stage]:
    async with open_talking_house(seconds=SECONDS, past_calls=20) as house, trio.open_nursery() as nursery:
        nursery.start_soon(crowd, house.phonegame.board, CROWD)
        yield Stage(house)
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def house_with_one_fake_call() -> AsyncIterator[Stage]:
    async with open_talking_house(seconds=SECONDS) as house:
        with fake_call(house.phonegame.board, "c1", "42") as call:
            call.says("<img src=x onerror=alert(1)> one pizza")
            call.answers("Very well, one large pizza.", heard_words=2)
            call.notes.listening_failed("away")
            yield Stage(house)


@pytest.fixture
def crowded() -> Iterator[Stage]:
    with in_thread(crowded_house) as stage:
        yield stage


@pytest.fixture
def fake() -> Iterator[Stage]:
    with in_thread(house_with_one_fake_call) as stage:
        yield stage


def opened(page: Page, stage: Stage, query: str = "") -> Page:
    """Once it is told what happens."""
    page.goto(stage.url + query)
    expect(page.locator("#link")).to_have_text("live")
    return page


def fits(page: Page) -> bool:
    """Whether nothing of it has to be scrolled to from side to side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_call_from_begin_to_end(open_page: OpenPage) -> None:
    with in_thread(house_with_a_call) as stage:
        page = opened(open_page(), stage)
        expect(page.locator("#no-calls")).to_be_visible()
        expect(page.locator("#games")).to_have_text(stage.code)
        stage.go("calls")
        row = page.locator("#live li a")
        expect(row).to_contain_text("is asked for the code")
        expect(row).to_contain_text("from +1***47")
        row.click()
        expect(page.get_by_role("heading", name="Call from +1***47")).to_be_visible()
        stage.go("keys the code")
        expect(row).to_contain_text(f"in game {stage.code}, talks to Guido")
        lines = page.locator("#lines")
        expect(lines.locator(".by-character").first).to_contain_text("a00 a01")
        stage.go("orders")
        expect(lines.locator(".by-caller .text")).to_have_text(ORDER)
        expect(lines.locator(".by-character", has_text="a02")).to_contain_text("after")
        # at the first or the second thing that it says, by which of them is ready first
        wait = lines.locator(".by-character details").first
        expect(wait.locator("summary")).to_contain_text("after")
        wait.locator("summary").click()
        expect(wait.locator(".stages")).to_contain_text("the voice, to its first sound")
        expect(lines.locator(".by-keys .text").last).to_have_text("5")
        expect(lines.locator(".by-event", has_text="the character asks the game for bake")).to_be_visible()
        assert accessibility_faults(page) == []
        page.get_by_text("End this call").click()
        page.get_by_role("button", name="End the call").click()
        expect(page.get_by_role("status").filter(has_text="The call is being ended.")).to_be_visible()
        expect(page.locator("#past li a")).to_contain_text("ended: the operator ended the call")
        expect(page.locator("#no-calls")).to_be_visible()
        expect(page.locator("#end-part")).to_be_hidden()


def test_a_call_is_placed_from_the_page(open_page: OpenPage) -> None:
    @asynccontextmanager
    async def town() -> AsyncIterator[Stage]:
        async with open_town(Answers(rings=1), house={"seconds": SECONDS}) as there, there.house.v1_game() as game:
            stage = Stage(there.house)
            stage.code = game.code
            yield stage

    with in_thread(town) as stage:
        context = {"http_credentials": {"username": "me", "password": OPERATOR_KEY}}
        page = opened(open_page(**context), stage)
        form = page.locator("#dial-form")
        form.get_by_label("Number").fill("+12025550123")
        with expecting(page, "status of 403"):
            form.get_by_role("button", name="Call").click()
            expect(page.get_by_role("alert")).to_contain_text("PHONEGAME_DIAL_ALLOW")
        form.get_by_label("Number").fill(TO)
        form.get_by_label("Code").fill(stage.code)
        form.get_by_role("button", name="Call").click()
        expect(page.locator("#notice")).to_contain_text("Calling. CA")
        row = page.locator("#live li a")
        expect(row).to_contain_text("to +1***01")
        expect(row).to_contain_text(f"in game {stage.code}")
        row.click()
        expect(page.locator("#lines .by-event", has_text="the phone is answered")).to_be_visible()
        page.get_by_text("End this call").click()
        page.get_by_role("button", name="End the call").click()
        expect(page.locator("#past li a")).to_contain_text("ended")


class TestTwoHundredCalls:
    def test_are_all_there_and_their_rows_are_changed_and_not_made_anew(
        self, open_page: OpenPage, crowded: Stage
    ) -> None:
        page = opened(open_page(), crowded)
        expect(page.locator("#live-count")).to_have_text(str(CROWD))
        expect(page.locator("#live li")).to_have_count(CROWD)
        first = page.locator("#live li").last
        first.evaluate("row => { window.before = row; row.dataset.mark = 'mine' }")
        # the crowd goes on: some end, others come
        expect(page.locator("#past li")).to_have_count(20)
        assert page.evaluate("before.isConnected ? before.dataset.mark : 'mine'") == "mine"
        assert page.evaluate("document.querySelectorAll('[data-call]').length") == CROWD + 20
        ids = "[...document.querySelectorAll('[data-call]')].map(row => row.dataset.call)"
        assert page.evaluate(f"new Set({ids}).size === {ids}.length")

    def test_are_found_by_what_they_do(self, open_page: OpenPage, crowded: Stage) -> None:
        page = opened(open_page(), crowded)
        page.get_by_label("Show only calls with").fill("game 17")
        shown = page.locator("#live li:not([hidden])")
        expect(shown.first).to_contain_text("in game 17")
        expect(page.locator("#live li:not([hidden])", has_not_text="in game 17")).to_have_count(0)

    def test_can_be_walked_through_with_the_keyboard(self, open_page: OpenPage, crowded: Stage) -> None:
        page = opened(open_page(), crowded)
        page.get_by_label("Show only calls with").focus()
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowDown")
        focused = "document.activeElement.closest('li').dataset.call"
        call = page.evaluate(focused)
        page.keyboard.press("Enter")
        expect(page.locator("#call")).to_be_focused()
        expect(page.locator(f"[data-call={call}] a")).to_have_attribute("aria-current", "true")
        page.get_by_role("link", name="Close").press("Enter")
        expect(page.locator("#call")).to_be_hidden()
        assert page.evaluate(focused) == call

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_fit_a_phone_s_screen_and_can_be_read(self, open_page: OpenPage, crowded: Stage, scheme: str) -> None:
        page = opened(open_page(viewport=PHONE, color_scheme=scheme), crowded)
        # not by the mouse: rows move under it
        page.locator("#live li a").first.press("Enter")
        expect(page.locator("#lines li").first).to_be_visible()
        assert fits(page)
        assert accessibility_faults(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_empty_house_can_be_read(open_page: OpenPage, scheme: str) -> None:
    with in_thread(quiet_house) as stage:
        page = opened(open_page(color_scheme=scheme, viewport=PHONE), stage)
        expect(page.locator("#no-games")).to_be_visible()
        assert accessibility_faults(page) == []
        assert fits(page)


def test_trouble_and_interruptions_are_shown_and_what_is_said_is_only_text(open_page: OpenPage, fake: Stage) -> None:
    page = opened(open_page(), fake, "?call=c1")
    lines = page.locator("#lines")
    expect(lines).to_contain_text("<img src=x onerror=alert(1)> one pizza")
    expect(lines.locator(".by-character")).to_contain_text("the caller spoke over it")
    expect(lines.locator(".unheard")).to_contain_text("one large pizza.")
    expect(page.locator("#call-problem")).to_contain_text("Speech recognition is away")
    expect(page.locator("#live li a")).to_contain_text("trouble")
    assert page.locator("img").count() == 0
    assert accessibility_faults(page) == []


def test_the_address_names_the_call_and_back_goes_back(open_page: OpenPage, fake: Stage) -> None:
    page = opened(open_page(), fake)
    page.locator("#live li a").click()
    expect(page).to_have_url(f"{fake.url}?call=c1")
    expect(page.locator("#lines li").first).to_be_visible()
    page.go_back()
    expect(page.locator("#call")).to_be_hidden()
    page.go_forward()
    expect(page.locator("#lines li").first).to_be_visible()


def test_a_call_that_is_not_kept_is_said_not_to_be(open_page: OpenPage, fake: Stage) -> None:
    page = opened(open_page(), fake, "?call=nowhere")
    expect(page.locator("#call-doing")).to_have_text("This call is not kept any longer.")


def test_a_server_that_goes_down_is_told_of(open_page: OpenPage) -> None:
    page = open_page()
    with expecting(page, "ERR_"):
        with in_thread(quiet_house) as stage:
            opened(page, stage)
        expect(page.locator("#link")).to_contain_text("Trying again", timeout=15_000)
        with page.expect_event("console"):
            pass
    Visit.of(page).end()


def test_without_scripts_calls_are_there_and_can_be_ended(chromium: Browser, fake: Stage) -> None:
    visit = Visit(chromium.new_context(java_script_enabled=False))
    page = visit.page
    page.goto(fake.url)
    page.locator("#live li a").click()
    expect(page.locator("#lines")).to_contain_text("one pizza")
    page.get_by_text("End this call").click()
    page.get_by_role("button", name="End the call").click()
    # it is only on the board
    expect(page.get_by_role("alert")).to_contain_text("There is no such call")
    visit.end()
    assert [fault for fault in visit.faults if "404" not in fault] == []


def test_a_page_that_nobody_sees_lets_go_of_its_stream(open_page: OpenPage, fake: Stage) -> None:
    page = open_page()
    quick = "const wait = setTimeout; window.setTimeout = (run, ms, ...more) => wait(run, ms / 100, ...more)"
    page.add_init_script(quick)
    opened(page, fake)
    fake.waits_for(lambda: len(fake.board.viewers) == 1)
    hide = """is_hidden => {
        Object.defineProperty(document, "hidden", { value: is_hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(hide, True)
    fake.waits_for(lambda: not fake.board.viewers)
    page.evaluate(hide, False)
    fake.waits_for(lambda: len(fake.board.viewers) == 1)
