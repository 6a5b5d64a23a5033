"""The phone's page in a real Chromium: what somebody does there, and what the game and the carrier see of it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from phonegame.local.twilio_api import Timing
from phonegame.wire import v1
from tests.browser.booth import Booth, BrowserPhone, forgiving, open_booth, open_carrier, open_phone
from tests.browser.conftest import Launch, OpenPage
from tests.browser.visit import Visit, accessibility_faults, expecting
from tests.ports import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

LONG = " ".join(f"w{number:02}" for number in range(60))


@pytest.fixture
def booth() -> Iterator[Booth]:
    with open_booth(timing=Timing(ring_seconds=1, between_calls=0)) as booth:
        yield booth


@pytest.fixture
def phone(booth: Booth, open_page: OpenPage) -> BrowserPhone:
    phone = open_phone(open_page(), booth.url)
    phone.state("Ready")
    return phone


def joined(booth: Booth, phone: BrowserPhone) -> None:
    """Calls, and keys the game's code."""
    phone.calls()
    booth.stream_open()
    phone.keys(f"{booth.game.code}#")
    booth.joined()


def over(booth: Booth) -> None:
    booth.gets(v1.CallEnded)
    booth.do(booth.town.told_all)


# --- calls that the phone places ---


def test_a_call_by_keypad_and_typing_in_both_directions(booth: Booth, phone: BrowserPhone) -> None:
    expect(phone.page.get_by_label("Number to call")).to_have_value(booth.town.carrier.number)
    joined(booth, phone)
    booth.says("what would you like")
    phone.hears("what", "would", "you", "like")
    phone.types("one pizza")
    booth.hears("one pizza")
    expect(phone.page.get_by_role("log")).to_contain_text("You: one pizza")
    expect(phone.page.get_by_role("timer")).to_have_text(re.compile(r"0:\d\d"))
    phone.button("Hang up").click()
    phone.state("You hung up")
    over(booth)
    assert booth.town.carrier.calls[-1].status == "completed"
    assert accessibility_faults(phone.page) == []


def test_the_number_to_call_is_the_address_s(booth: Booth, open_page: OpenPage) -> None:
    page = open_page()
    open_phone(page, f"{booth.url}?number=+12015550177").state("Ready")
    expect(page.get_by_label("Number to call")).to_have_value("+12015550177")
    page.get_by_label("Number to call").press("Enter")
    expect(page.locator("#trouble")).to_contain_text(f"The games are reached at {booth.town.carrier.number}")


def test_without_scripts_it_says_what_it_needs(booth: Booth, open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(booth.url)
    needs = page.locator("noscript p")
    expect(needs).to_have_text("The telephone needs JavaScript.")
    expect(needs).to_be_visible()


def test_digits_of_the_computer_s_keyboard_are_keys(booth: Booth, phone: BrowserPhone) -> None:
    phone.page.keyboard.press("7")
    expect(phone.page.get_by_label("Number to call")).to_have_value(f"{booth.town.carrier.number}7")
    phone.page.keyboard.press("Backspace")
    phone.button("Call").focus()
    phone.page.keyboard.press("Enter")
    phone.state("Connected")
    booth.stream_open()
    for digit in f"{booth.game.code}#":
        phone.page.keyboard.press(digit)
    booth.joined()
    expect(phone.page.get_by_role("log")).to_contain_text(f"You key: {booth.game.code}#")
    # a keyboard's user is where the next thing is done
    expect(phone.button("Hang up")).to_be_focused()
    phone.page.keyboard.press("Enter")
    phone.state("You hung up")
    expect(phone.button("Call")).to_be_focused()
    over(booth)


def test_a_space_behind_the_call_does_not_hang_up(booth: Booth, phone: BrowserPhone) -> None:
    phone.calls()
    booth.stream_open()
    phone.page.keyboard.press(" ")
    phone.page.keyboard.press("Enter")
    phone.page.keyboard.type(f"{booth.game.code}#")
    booth.joined()
    phone.state("Connected")
    phone.button("Hang up").click()
    phone.button("Call").wait_for()
    assert phone.page.evaluate("document.activeElement.id") == "call"
    over(booth)


def test_keys_that_are_typed_as_text_are_not_pressed(booth: Booth, phone: BrowserPhone) -> None:
    joined(booth, phone)
    phone.page.get_by_label("Or type what you say").press_sequentially("42")
    phone.page.keyboard.press("Enter")
    booth.hears("42")
    assert not booth.game.all_of(v1.Dtmf)
    phone.button("Hang up").click()
    over(booth)


def test_who_types_interrupts_and_nothing_of_the_rest_is_heard(booth: Booth, phone: BrowserPhone) -> None:
    joined(booth, phone)
    booth.says(LONG)
    phone.reaches("w01")
    phone.types("stop")
    assert booth.gets(v1.SayFinished).interrupted
    while "clear" not in phone.kinds:
        phone.socket.wait_for_event("framereceived")
    expect(phone.page.get_by_role("meter", name="Loudness of the loudspeaker")).to_have_attribute("aria-valuenow", "0")
    booth.says("x00")
    phone.hears("x00")
    assert "w50" not in phone.words
    phone.button("Hang up").click()
    over(booth)


def test_the_game_hangs_up(booth: Booth, phone: BrowserPhone) -> None:
    joined(booth, phone)
    booth.do(lambda: booth.game.client.hangup())
    phone.state("They hung up")
    over(booth)


def test_a_page_that_is_closed_hangs_up(booth: Booth, phone: BrowserPhone) -> None:
    joined(booth, phone)
    phone.page.close()
    assert booth.gets(v1.CallEnded).reason == "hung_up"
    booth.do(booth.town.told_all)


def test_a_reload_hangs_up_and_keeps_the_number(booth: Booth, phone: BrowserPhone) -> None:
    own = phone.page.locator("#own").inner_text()
    joined(booth, phone)
    phone.page.reload()
    phone.state("Ready")
    expect(phone.page.locator("#own")).to_have_text(own)
    over(booth)


def test_two_phones_have_two_numbers(booth: Booth, phone: BrowserPhone, open_page: OpenPage) -> None:
    other = open_phone(open_page(), booth.url)
    other.state("Ready")
    assert other.page.locator("#own").inner_text() != phone.page.locator("#own").inner_text()


# --- calls that come in ---


def rings(booth: Booth, phone: BrowserPhone) -> None:
    """The game rings the phone up."""
    number = phone.page.locator("#own").inner_text().replace(" ", "")
    booth.do(lambda: booth.game.client.dial(number, dial_id="d"))
    phone.state("Incoming call")


def status(booth: Booth, wanted: str) -> None:
    while booth.gets(v1.CallStatus).status != wanted:
        pass
    booth.do(booth.town.told_all)


def test_a_phone_has_the_number_that_its_address_asks_for(booth: Booth, open_page: OpenPage) -> None:
    address = f"{booth.url}?own=%2B12015550167"
    phone = open_phone(open_page(), address)
    expect(phone.page.locator("#own")).to_have_text("+1 201 555 0167")
    expect(phone.page.locator("#trouble")).to_be_hidden()
    # a second one cannot have it, and says so
    other = open_phone(open_page(), address)
    expect(other.page.locator("#trouble")).to_contain_text("Another page has the number +1 201 555 0167")
    assert other.page.locator("#own").inner_text() in other.page.locator("#trouble").inner_text()


def test_a_game_rings_the_phone_up_and_is_answered(booth: Booth, phone: BrowserPhone) -> None:
    rings(booth, phone)
    expect(phone.page.locator("#party")).to_have_text("+1 201 555 0100")
    assert accessibility_faults(phone.page) == []
    phone.button("Answer").click()
    phone.state("Connected")
    assert booth.joined().direction == "outgoing"
    booth.says("the dragon is back")
    phone.hears("the", "dragon", "is", "back")
    phone.button("Hang up").click()
    over(booth)


def test_a_call_that_is_declined_is_busy(booth: Booth, phone: BrowserPhone) -> None:
    rings(booth, phone)
    phone.button("Decline").click()
    phone.state("Declined")
    status(booth, "busy")


def test_a_call_that_nobody_answers_is_missed(open_page: OpenPage) -> None:
    with open_booth(timing=Timing(ring_seconds=1, between_calls=0), house={"ring_seconds": 5}) as booth:
        phone = open_phone(open_page(), booth.url)
        phone.state("Ready")
        rings(booth, phone)
        phone.state("Missed call")
        status(booth, "no_answer")


def test_a_page_that_is_closed_while_it_rings_does_not_answer(booth: Booth, phone: BrowserPhone) -> None:
    rings(booth, phone)
    phone.page.close()
    status(booth, "no_answer")


# --- what goes wrong ---


def test_a_carrier_that_has_gone_is_told_of_and_found_again(open_page: OpenPage) -> None:
    page, port = open_page(), free_port()
    # the parts of its sound, too, are asked for by whoever presses Call
    with forgiving(page, "WebSocket connection to"), forgiving(page, "ERR_CONNECTION_REFUSED"):
        with open_carrier(port=port) as carrier:
            phone = open_phone(page, carrier.phone_url)
            phone.state("Ready")
            own = page.locator("#own").inner_text()
        phone.state("No line")
        expect(page.locator("#trouble")).to_contain_text("phonegame carrier")
        phone.button("Call").click()
        with open_carrier(port=port):
            phone.state("Ready", "The call failed", "They hung up")
            expect(page.locator("#own")).to_have_text(own)
        phone.state("No line")


def test_a_server_that_does_not_run_is_told_of(booth: Booth, phone: BrowserPhone) -> None:
    [number] = booth.town.carrier.numbers
    voice_url, number.voice_url = number.voice_url, "http://127.0.0.1:9/twiml"
    try:
        phone.button("Call").click()
        expect(phone.page.locator("#trouble")).to_contain_text("phonegame serve")
        phone.state("They hung up")
    finally:
        number.voice_url = voice_url
    booth.town.carrier.calls[-1].alerts.clear()
    phone.calls()
    expect(phone.page.locator("#trouble")).to_be_hidden()
    phone.button("Hang up").click()
    phone.state("You hung up")


# --- the page in its surroundings ---


@contextmanager
def page_around(booth: Booth) -> Iterator[int]:
    """A page of another server on this machine, with the phone in a frame. Gives the port."""
    html = f"<!doctype html><title>Game</title><iframe title='Telephone' allow='microphone' src='{booth.url}'></iframe>"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode() if self.path == "/" else b"")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_it_works_in_a_frame_of_a_page_of_this_machine(booth: Booth, open_page: OpenPage, host: str) -> None:
    page = open_page()
    with page_around(booth) as port:
        page.goto(f"http://{host}:{port}/")
        expect(page.frame_locator("iframe").locator("#state")).to_have_text("Ready")


def test_it_shows_in_no_frame_of_a_page_from_elsewhere(booth: Booth, launch: Launch, open_page: OpenPage) -> None:
    page = open_page(browser=launch("--host-resolver-rules=MAP elsewhere.example 127.0.0.1"))
    with page_around(booth) as port, forgiving(page, "elsewhere.example"), expecting(page, "frame-ancestors"):
        with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
            page.goto(f"http://elsewhere.example:{port}/")
        expect(page.frame_locator("iframe").locator("#state")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_it_is_accessible_and_fits(booth: Booth, open_page: OpenPage, scheme: str, width: int) -> None:
    page = open_page(color_scheme=scheme, viewport={"width": width, "height": 844})
    open_phone(page, booth.url).state("Ready")
    assert accessibility_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert Visit.of(page).faults == []
