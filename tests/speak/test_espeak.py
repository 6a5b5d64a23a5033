from __future__ import annotations

import audioop
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from phonegame.audio import decode_mulaw, encode_mulaw
from phonegame.speak import espeak_library
from phonegame.speak.downsample import Downsampler
from phonegame.speak.espeak import MAX_TEXT, ESpeakMissing, ESpeakVoice, SpeakError, TextTooLong, UnknownVoice, plain
from phonegame.speak.sound import Sound

LONG = "a sentence that goes on and on, " * 100


async def test_text_becomes_audible_telephone_audio() -> None:
    mulaw = await ESpeakVoice().synthesise("forty two")
    assert 0.4 < len(mulaw) / 8000 < 1.5
    assert audioop.rms(decode_mulaw(mulaw), 2) > 1000


async def test_telephone_audio_is_as_long_as_the_speech() -> None:
    pcm, rate = ESpeakVoice().synthesise_pcm("pepperoni")
    mulaw = await ESpeakVoice().synthesise("pepperoni")
    assert len(mulaw) / 8000 == pytest.approx(len(pcm) / 2 / rate, abs=0.05)  # it never says a thing twice alike


def test_speed_and_pitch_change_the_speech() -> None:
    def seconds(voice: ESpeakVoice) -> float:
        return len(voice.synthesise_pcm("one pepperoni pizza coming up")[0]) / 44100

    assert seconds(ESpeakVoice(words_per_minute=300)) < 0.7 * seconds(ESpeakVoice(words_per_minute=120))


def test_each_voice_speaks_for_itself() -> None:
    """The library is global: what one voice set must not show in what another says next."""
    slow, fast = ESpeakVoice(words_per_minute=90), ESpeakVoice("de", words_per_minute=400)
    first = len(slow.synthesise_pcm("forty two")[0])
    fast.synthesise_pcm("zweiundvierzig")
    assert len(slow.synthesise_pcm("forty two")[0]) == pytest.approx(first, rel=0.02)


@pytest.mark.parametrize("text", ["", "   ", "\n\t\r", "\x00\x01\x02"])
async def test_nothing_to_say_is_no_audio(text: str) -> None:
    assert (await ESpeakVoice().synthesise(text)).strip(b"\xff") == b""


@pytest.mark.parametrize(
    "text", ["<speak><break time='9s'/></speak>", "[[h@l'oU]]", "a \x01 180S b", "naïve 🍕 \ud800 日本", "&lt;x&gt;"]
)
async def test_any_text_is_only_read_aloud(text: str) -> None:
    assert 0 < len(await ESpeakVoice().synthesise(text)) < 8 * 8000


def test_control_characters_become_blanks_and_all_else_keeps_its_place() -> None:
    assert plain("\x01a\x00b\nc\x7fd\x9be ") == " a b c d e "


async def test_text_of_any_length_is_bounded() -> None:
    with pytest.raises(TextTooLong, match=str(MAX_TEXT)):
        await ESpeakVoice().synthesise("x" * (MAX_TEXT + 1))


@pytest.mark.parametrize("name", ["en-us", "en-gb", "de", "en-us+f3"])
async def test_voices_are_found_by_name_and_by_language(name: str) -> None:
    assert len(await ESpeakVoice(name).synthesise("forty two")) > 2000


@pytest.mark.parametrize("name", ["zz", "../../etc/passwd", "", "en-us\x00", "en us"])
async def test_unknown_voice_is_told(name: str) -> None:
    with pytest.raises(UnknownVoice):
        await ESpeakVoice(name).synthesise("hello")


@pytest.mark.parametrize(("rate", "pitch"), [(79, 50), (451, 50), (150, -1), (150, 100)])
def test_settings_out_of_bounds_are_refused(rate: int, pitch: int) -> None:
    with pytest.raises(ValueError, match="must be from"):
        ESpeakVoice(words_per_minute=rate, pitch=pitch)


class Ear(Sound):
    """Notes how much had been made when each piece came, and does `then` at each."""

    def __init__(self, text: str, then: Callable[[], object] = lambda: None) -> None:
        super().__init__(text)
        self.sizes: list[int] = []
        self._then = then

    def add(self, mulaw: bytes) -> None:
        super().add(mulaw)
        self.sizes.append(len(mulaw))
        self._then()


async def test_speech_comes_in_pieces_of_a_tenth_of_a_second() -> None:
    ear = Ear("one pepperoni pizza coming up")
    await ESpeakVoice().speak(ear)
    assert len(ear.sizes) > 10
    assert max(ear.sizes) <= 801


async def test_pieces_are_the_whole_sample_for_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    pcm, rate = ESpeakVoice().synthesise_pcm("one pepperoni pizza")

    def again(
        _library: object, _text: str, _voice: str, _rate: int, _pitch: int, take: Callable[[bytes, list[Any]], bool]
    ) -> None:
        for at in range(0, len(pcm), 2 * 777):
            take(pcm[at : at + 2 * 777], [])

    monkeypatch.setattr(espeak_library.Library, "synthesise", again)  # it never says a thing twice alike
    downsampler = Downsampler(rate)
    whole = encode_mulaw(downsampler.convert(pcm) + downsampler.finish())
    sound = Sound("one pepperoni pizza")
    await ESpeakVoice().speak(sound)
    assert sound.audio == whole
    assert await ESpeakVoice().synthesise(sound.text) == whole
    assert ESpeakVoice().synthesise_blocking(sound.text) == whole


async def test_each_word_is_told_with_the_sample_where_it_begins() -> None:
    sound = Sound("Stop, eighty-two naïve pizzas!")
    await ESpeakVoice().speak(sound)
    words = [sound.text[word.begin : word.end] for word in sound.words]
    assert words == ["Stop", "eighty", "naïve", "pizzas"]
    times = [word.at for word in sound.words]
    assert times == sorted(set(times))
    stopped = times[1]  # a comma is a pause: the voice rests before the next word
    assert audioop.rms(decode_mulaw(bytes(sound.audio[stopped - 400 : stopped - 100])), 2) < 200
    assert audioop.rms(decode_mulaw(bytes(sound.audio[stopped : stopped + 800])), 2) > 500


async def test_a_word_is_told_before_its_audio() -> None:
    ear = Ear("one pepperoni pizza coming up", lambda: told.append((len(ear.audio), len(ear.words))))
    told: list[tuple[int, int]] = []
    await ESpeakVoice().speak(ear)
    assert told[-1][1] == 5
    for length, count in told:
        assert all(word.at >= length for word in ear.words[count:])


@pytest.mark.parametrize(
    "text", ["1,234.50 dollars", "  42 pizzas", "call 555-0100 now", "\x01 THX1138 \x01", "日本 a"]
)
async def test_places_of_words_are_in_order_and_within_the_text(text: str) -> None:
    sound = Sound(text)
    await ESpeakVoice().speak(sound)
    borders = [border for word in sound.words for border in (word.begin, word.end)]
    assert borders == sorted(borders)
    assert all(text[word.begin : word.end].strip() for word in sound.words)
    assert borders[-1] <= len(text)


async def test_a_number_of_many_parts_is_one_word() -> None:
    sound = Sound("that is 1234 pizzas")
    await ESpeakVoice().speak(sound)
    assert [sound.text[word.begin : word.end] for word in sound.words] == ["that", "is", "1234", "pizzas"]


async def test_nothing_is_added_after_a_cancellation() -> None:
    with trio.CancelScope() as scope:
        ear = Ear(LONG, scope.cancel)
        await ESpeakVoice().speak(ear)
    assert scope.cancelled_caught
    length = len(ear.audio)
    assert await ESpeakVoice().synthesise("forty two")  # the thread has ended by now
    assert len(ear.audio) == length < 60 * 8000


async def test_cancelled_while_it_waits_for_its_turn_it_says_nothing() -> None:
    waiting = Sound("forty two")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ESpeakVoice().synthesise, LONG)
        await wait_all_tasks_blocked()
        with trio.move_on_after(0) as scope:
            await ESpeakVoice().speak(waiting)
        nursery.cancel_scope.cancel()
    assert scope.cancelled_caught
    assert not waiting.audio


async def test_cancelled_synthesis_lets_the_next_one_in() -> None:
    with trio.move_on_after(0) as scope:
        await ESpeakVoice().synthesise(LONG)
    assert scope.cancelled_caught
    assert await ESpeakVoice().synthesise("forty two")


async def test_many_tasks_speak_at_once() -> None:
    sizes: list[int] = []

    async def say() -> None:
        sizes.append(len(await ESpeakVoice().synthesise("forty two")))

    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(say)
    assert max(sizes) - min(sizes) < 200


async def test_other_tasks_run_while_it_speaks() -> None:
    turns = 0
    async with trio.open_nursery() as nursery:

        async def count() -> None:
            nonlocal turns
            while True:
                await trio.lowlevel.checkpoint()
                turns += 1

        nursery.start_soon(count)
        await ESpeakVoice().synthesise("forty two")
        nursery.cancel_scope.cancel()
    assert turns > 0


def test_missing_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    monkeypatch.setattr("ctypes.util.find_library", lambda _: None)
    espeak_library.locate.cache_clear()
    try:
        with pytest.raises(ESpeakMissing, match=r"phonegame\[local\]"):
            ESpeakVoice()
    finally:
        espeak_library.locate.cache_clear()


def test_system_library_is_taken_where_the_wheel_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    monkeypatch.setattr("ctypes.util.find_library", lambda name: f"lib{name}.so.1")
    espeak_library.locate.cache_clear()
    try:
        assert espeak_library.locate() == ("libespeak-ng.so.1", None)
    finally:
        espeak_library.locate.cache_clear()


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_deep_data_folder_is_reached_by_a_short_path(tmp_path: Path) -> None:
    deep = tmp_path.joinpath("d" * 100, "e" * 100, "espeak-ng-data")
    deep.mkdir(parents=True)
    short = Path(espeak_library.as_c_path(deep).decode())
    assert len(str(short)) < 150
    assert short.resolve() == deep.resolve()


def test_errors_never_hold_the_text() -> None:
    secret = "the secret " * 500
    with pytest.raises(SpeakError) as caught:
        ESpeakVoice().synthesise_pcm(secret)
    assert "secret" not in str(caught.value)
