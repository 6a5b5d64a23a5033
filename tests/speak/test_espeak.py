from __future__ import annotations

import audioop
import sys
from pathlib import Path

import pytest
import trio

from phonegame.audio import decode_mulaw
from phonegame.speak import espeak
from phonegame.speak.espeak import MAX_TEXT, ESpeakMissing, ESpeakVoice, SpeakError, TextTooLong, UnknownVoice, plain

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


def test_control_characters_become_blanks() -> None:
    assert plain("\x01a\x00b\nc\x7fd\x9be ") == "a b c d e"


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


def test_synthesis_stops_when_told() -> None:
    asked: list[None] = []

    def stopped() -> bool:
        asked.append(None)
        return len(asked) >= 5

    pcm, rate = ESpeakVoice().synthesise_pcm(LONG, stopped)
    assert len(pcm) / 2 / rate < 1
    assert len(ESpeakVoice().synthesise_pcm("forty two")[0]) > rate


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
    espeak._locate.cache_clear()
    try:
        with pytest.raises(ESpeakMissing, match=r"phonegame\[local\]"):
            ESpeakVoice()
    finally:
        espeak._locate.cache_clear()


def test_system_library_is_taken_where_the_wheel_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    monkeypatch.setattr("ctypes.util.find_library", lambda name: f"lib{name}.so.1")
    espeak._locate.cache_clear()
    try:
        assert espeak._locate() == ("libespeak-ng.so.1", None)
    finally:
        espeak._locate.cache_clear()


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_deep_data_folder_is_reached_by_a_short_path(tmp_path: Path) -> None:
    deep = tmp_path.joinpath("d" * 100, "e" * 100, "espeak-ng-data")
    deep.mkdir(parents=True)
    short = Path(espeak._as_c_path(deep).decode())
    assert len(str(short)) < 150
    assert short.resolve() == deep.resolve()


def test_errors_never_hold_the_text() -> None:
    secret = "the secret " * 500
    with pytest.raises(SpeakError) as caught:
        ESpeakVoice().synthesise_pcm(secret)
    assert "secret" not in str(caught.value)
