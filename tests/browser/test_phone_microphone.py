"""The browser's microphone, for which Chromium takes a file: what is spoken there is understood at the game."""

from __future__ import annotations

import re
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from phonegame.local.speech.heard import Final
from phonegame.local.speech.sphinx.recogniser import SphinxRecogniser
from phonegame.local.twilio_api.config import speak_with_espeak
from phonegame.speak.espeak import ESpeakVoice
from phonegame.wire import v1
from tests.browser.booth import Booth, forgiving, open_booth, open_phone
from tests.browser.conftest import Launch, OpenPage
from tests.browser.visit import accessibility_faults

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

CODE = "forty two"
ORDER = "pepperoni pizza please"
ANSWER = "your pizza is in the oven"
LISTEN = (
    "ws://127.0.0.1:{port}/v1/listen?model=nova-3&encoding=mulaw&sample_rate=8000&interim_results=true&endpointing=300"
    "&vad_events=true&numerals=true&keyterm=pepperoni+pizza+please"
)


def write_speech(path: Path) -> None:
    """The code and the order, with pauses: Chromium begins when the microphone is opened, and again at the end."""
    speech, rate = b"", 0
    for text, pause in ((CODE, 3), (ORDER, 4)):
        pcm, rate = ESpeakVoice().synthesise_pcm(text)
        speech += b"\0\0" * round(1.5 * rate) + pcm + b"\0\0" * pause * rate
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(speech)


EARS = """
import sys, trio
from functools import partial
from phonegame.local.speech.intake import Limits
from phonegame.local.speech.service import SpeechConfig, serve_speech

async def main():
    limits = Limits(max_speed=20, burst_seconds=20)  # how busy the machine is, is not what is tested
    async with trio.open_nursery() as nursery:
        service = await nursery.start(serve_speech, SpeechConfig(voices="espeak", limits=limits, keep_audio=False))
        print(service.port, flush=True)
        await trio.to_thread.run_sync(sys.stdin.read)
        nursery.cancel_scope.cancel()

trio.run(main)
"""


@pytest.fixture(scope="module")
def ears() -> Iterator[int]:
    """The port of a speech service that understands real words: a process of its own, which has much to compute."""
    with subprocess.Popen([sys.executable, "-c", EARS], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield int(process.stdout.readline())
        process.stdin.close()


@pytest.fixture
def booth(ears: int) -> Iterator[Booth]:
    house = {"DEEPGRAM_URL": LISTEN.format(port=ears), "voice": "espeak", "codes": "42-42"}
    with open_booth(house=house, synthesise=speak_with_espeak) as booth:
        yield booth


@pytest.fixture(scope="module")
def with_microphone(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> Browser:
    path = tmp_path_factory.mktemp("microphone") / "speech.wav"
    write_speech(path)
    return launch(
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={path}",
    )


def understood(mulaw: bytes, phrase: str) -> str:
    """By the local recogniser, which expects that phrase among others."""
    recogniser = SphinxRecogniser(300, keyterms=[phrase, ORDER, CODE], voices="espeak")
    heard = [*recogniser.feed(mulaw), *recogniser.finish()]
    return " ".join(word.text for final in heard if isinstance(final, Final) for word in final.words)


def test_who_speaks_into_the_microphone_joins_the_game_orders_and_is_answered(
    booth: Booth, with_microphone: Browser, open_page: OpenPage
) -> None:
    phone = open_phone(open_page(browser=with_microphone), booth.url)
    phone.calls()
    booth.joined()
    heard = ""
    while ORDER not in heard:
        heard = booth.gets(v1.Transcript).text
    # nobody interrupts: the answer is to be recognised as a whole
    phone.button("Mute").click()
    before = len(phone.heard)
    booth.says(ANSWER)
    assert not booth.gets(v1.SayFinished).interrupted
    phone.button("Hang up").click()
    phone.state("You hung up")
    booth.gets(v1.CallEnded)
    assert ANSWER in understood(bytes(phone.heard[before:]), ANSWER)


def test_who_speaks_interrupts_the_game_and_the_loudspeaker_falls_silent(
    booth: Booth, with_microphone: Browser, open_page: OpenPage
) -> None:
    phone = open_phone(open_page(browser=with_microphone), booth.url)
    phone.calls()
    booth.stream_open()
    phone.keys("42#")
    booth.joined()
    booth.says(". ".join(["This is a very long story that nobody wants to hear to the end"] * 10))
    assert booth.gets(v1.SayFinished).interrupted
    while phone.kinds.count("clear") == 0:
        phone.socket.wait_for_event("framereceived")
    expect(phone.page.get_by_role("meter", name="Loudness of the loudspeaker")).to_have_attribute("aria-valuenow", "0")
    phone.button("Hang up").click()
    booth.gets(v1.CallEnded)


def test_who_is_muted_is_not_heard(booth: Booth, with_microphone: Browser, open_page: OpenPage) -> None:
    phone = open_phone(open_page(browser=with_microphone), booth.url)
    meter = phone.page.get_by_role("meter", name="Loudness of the microphone")
    phone.calls()
    expect(meter).not_to_have_attribute("aria-valuenow", "0")
    phone.button("Mute").click()
    expect(phone.button("Muted")).to_have_attribute("aria-pressed", "true")
    expect(meter).to_have_attribute("aria-valuenow", "0")
    phone.button("Muted").click()
    expect(meter).not_to_have_attribute("aria-valuenow", "0")
    phone.button("Hang up").click()
    phone.state("You hung up")


MUTE = re.compile("Mute|Muted")


def test_without_a_microphone_it_says_so_and_typing_works(booth: Booth, open_page: OpenPage) -> None:
    page = open_page(permissions=["microphone"])
    phone = open_phone(page, booth.url)
    phone.calls()
    expect(page.locator("#microphone-note")).to_contain_text("finds no microphone")
    expect(page.get_by_role("button", name=MUTE)).to_be_disabled()
    phone.types("forty two")
    booth.joined()
    phone.button("Hang up").click()
    booth.gets(v1.CallEnded)


def test_a_microphone_that_is_refused_is_told_of_and_the_keypad_works(
    booth: Booth, launch: Launch, open_page: OpenPage
) -> None:
    page = open_page(browser=launch("--use-fake-device-for-media-stream"), permissions=["geolocation"])
    phone = open_phone(page, booth.url)
    phone.calls()
    expect(page.locator("#microphone-note")).to_contain_text("may not use the microphone")
    assert accessibility_faults(page) == []
    booth.stream_open()
    phone.keys("42#")
    booth.joined()
    phone.button("Hang up").click()
    booth.gets(v1.CallEnded)


def test_a_page_that_is_not_secure_has_no_microphone_and_is_heard_all_the_same(
    booth: Booth, launch: Launch, open_page: OpenPage
) -> None:
    elsewhere = "192.0.2.1"  # of those that documentation has
    page = open_page(browser=launch(f"--host-resolver-rules=MAP {elsewhere} 127.0.0.1"))
    address = booth.url.replace("127.0.0.1", elsewhere)
    with forgiving(page, elsewhere):
        phone = open_phone(page, address)
        phone.calls()
        expect(page.locator("#microphone-note")).to_contain_text("only to pages that are secure")
        booth.stream_open()
        phone.keys("42#")
        booth.joined()
        booth.says("hello")
        expect(page.get_by_role("meter", name="Loudness of the loudspeaker")).not_to_have_attribute(
            "aria-valuenow", "0"
        )
        phone.button("Hang up").click()
        booth.gets(v1.CallEnded)
