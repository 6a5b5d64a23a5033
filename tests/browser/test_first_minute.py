"""`phonegame demo` as its user has it: its programs, its page, and the phone in it, in a real Chromium."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import psutil
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from phonegame.local.speech.recognise import recognise_blocking
from phonegame.speak.espeak import ESpeakVoice
from tests.browser.booth import BrowserPhone, forgiving
from tests.browser.conftest import Launch, OpenPage
from tests.browser.visit import accessibility_faults

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.skipif(os.name != "posix", reason="the user's browser is a script of the shell's"),
]

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/demo")
INTERRUPTED = 130
NUMBERS = ["one", "two", "three", "four"]
PIZZAS = ["margarita", "pepperoni", "mushroom", "hawaii"]
CLEAR = re.compile("[23458][1-4]")
"""Codes that eSpeak NG says so that a recogniser which takes it for a person understands them."""
ANSWERS = [f"{number} {pizza}" for number in NUMBERS for pizza in PIZZAS]


@dataclass
class Window:
    """The game, and the phone in its frame."""

    page: Page
    phone: BrowserPhone
    code: str

    @property
    def number(self) -> str:
        """The phone's, as the phone shows it."""
        return self.phone.place.locator("#own").inner_text().replace(" ", "")

    def is_open(self) -> None:
        expect(self.page.locator("body")).to_have_attribute("data-state", "playing")

    def has_in_oven(self, *pizzas: str) -> None:
        for place, pizza in enumerate(pizzas):
            expect(self.page.locator("#oven li").nth(place)).to_have_text(re.compile(f"{place + 1}: {pizza}, "))

    def guido_says(self, text: str) -> None:
        """Waits until the game has been told that it was heard."""
        expect(self.page.locator("#captions .guido").filter(has_text=text).first).to_be_visible()

    def hangs_up(self) -> None:
        self.phone.button("Hang up").click()
        self.phone.state("You hung up")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of the page that the demo has the user's browser show."""
    folder = tmp_path_factory.mktemp("user")
    shown = folder / "shown"
    browser = folder / "chromium"
    browser.write_text(f'#!/bin/sh\necho "$@" > {shown}.part && mv {shown}.part {shown}\n')
    browser.chmod(0o755)
    surroundings = {**os.environ, "DISPLAY": ":0", "BROWSER": "chromium", "PATH": f"{folder}:{os.environ['PATH']}"}
    command = [sys.executable, "-m", "phonegame.local.demo"]
    with subprocess.Popen(command, env=surroundings, stdout=subprocess.PIPE, text=True) as demo:
        try:
            assert demo.stdout is not None
            assert any("The game opens in your browser" in line for line in demo.stdout)
            found = shown.read_text().split()[-1]
            assert ADDRESS.fullmatch(found)
            programs = psutil.Process(demo.pid).children(recursive=True)
            assert len(programs) >= 3
            yield found
            demo.send_signal(signal.SIGINT)
            assert demo.wait(15) == INTERRUPTED
            assert [program for program in programs if program.is_running()] == []
        finally:
            demo.kill()


def opened(page: Page, address: str) -> Window:
    phone = BrowserPhone(page)
    page.on("websocket", lambda socket: phone.watch(socket) if "/phone/line" in socket.url else None)
    page.goto(address)
    page.frame_locator("#phone").locator("#phone[data-state=idle]").wait_for()
    phone.frame = page.frame(url=re.compile("/phone"))
    assert phone.frame is not None
    expect(page.locator("body")).to_have_attribute("data-state", "waiting")
    return Window(page, phone, page.locator("#code").inner_text())


def understood(phone: BrowserPhone) -> str:
    return recognise_blocking(bytes(phone.heard), ANSWERS, voices="espeak")


def write_speech(path: Path, *sentences: tuple[str, float]) -> None:
    """Each with the seconds of silence behind it. Chromium reads it when the microphone is opened."""
    speech, rate = b"", 0
    for text, pause in sentences:
        pcm, rate = ESpeakVoice().synthesise_pcm(text)
        speech += b"\0\0" * round(1.5 * rate) + pcm + b"\0\0" * round(pause * rate)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(speech)


def test_who_types_is_let_in_orders_and_is_answered(address: str, open_page: OpenPage) -> None:
    window = opened(open_page(), address)
    window.phone.calls()
    window.phone.types(window.code)
    window.is_open()
    window.guido_says("What shall I bake?")
    window.phone.heard.clear()
    window.phone.types("two pepperoni")
    window.has_in_oven("pepperoni", "pepperoni")
    window.guido_says("Two pepperoni!")
    window.hangs_up()
    assert "two pepperoni" in understood(window.phone)


def is_accessible(page: Page) -> None:
    with forgiving(page, "postMessage"):  # axe asks the frame, which has no axe in it
        assert accessibility_faults(page) == []


def test_who_keys_the_code_is_let_in_and_is_rung_up_by_guido(address: str, open_page: OpenPage) -> None:
    window = opened(open_page(color_scheme="dark"), address)
    is_accessible(window.page)
    operator = open_page()
    operator.goto(urljoin(address, "/"))
    window.phone.calls()
    # keys that are pressed before the server has the call are lost, as they are at Twilio
    expect(operator.locator("#live li")).to_have_count(1)
    window.phone.keys(f"{window.code}#")
    window.is_open()
    window.guido_says("What shall I bake?")
    is_accessible(window.page)
    window.hangs_up()
    window.page.get_by_role("button", name="Ring").click()
    window.phone.state("Incoming call")
    window.phone.button("Answer").click()
    window.phone.state("Connected")
    window.guido_says("The guests are waiting.")
    window.phone.heard.clear()
    window.phone.types("one mushroom")
    window.has_in_oven("mushroom")
    window.guido_says("One mushroom!")
    window.hangs_up()
    assert "one mushroom" in understood(window.phone)


def test_who_speaks_into_the_microphone_is_let_in_orders_and_is_answered(
    address: str, launch: Launch, open_page: OpenPage, tmp_path: Path
) -> None:
    speech = tmp_path / "speech.wav"
    browser = launch(
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={speech}",
    )
    window = opened(open_page(browser=browser), address)
    while not CLEAR.fullmatch(window.code):
        window = opened(window.page, address)
    write_speech(speech, (window.code, 5), ("three hawaii", 8))
    window.phone.calls()
    window.is_open()
    window.has_in_oven("hawaii", "hawaii", "hawaii")
    window.guido_says("Three Hawaii!")
    window.hangs_up()
    assert "three hawaii" in understood(window.phone)


def test_on_a_narrow_screen_the_phone_is_a_tap_away(address: str, open_page: OpenPage) -> None:
    window = opened(open_page(viewport={"width": 390, "height": 844}), address)
    is_accessible(window.page)
    expect(window.page.locator("#phone")).not_to_be_in_viewport()
    window.page.get_by_role("link", name="the phone").click()
    expect(window.page.locator("#phone")).to_be_in_viewport()


def test_two_windows_are_two_games_and_two_phones(address: str, open_page: OpenPage) -> None:
    one = opened(open_page(), address)
    context: BrowserContext = one.page.context
    other = opened(context.new_page(), address)
    assert one.code != other.code
    assert one.number != other.number
    for window in (one, other):
        expect(window.page.get_by_label("Have Guido ring you up")).to_have_value(window.number)
    other.page.get_by_role("button", name="Ring").click()
    other.phone.state("Incoming call")
    one.phone.state("Ready")
    other.phone.button("Answer").click()
    other.is_open()
    expect(one.page.locator("body")).to_have_attribute("data-state", "waiting")
    other.hangs_up()
