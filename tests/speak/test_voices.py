from __future__ import annotations

import sys
from functools import partial

import pytest
import trio

from phonegame.speak import espeak_library
from phonegame.speak.sound import Sound
from phonegame.speak.voice import SpeakError, UnknownVoice, VoiceMissing
from phonegame.speak.voice_names import Engine, VoiceName, parse_voice_name
from phonegame.speak.voices import MAX_VOICES, Voices
from tests.speak.fake_aura import fake_aura, spoken

URL = "wss://speech.test/v1/speak?model=aura-2-thalia-en&encoding=mulaw&sample_rate=8000"


def voices(default: str = "auto", *, key: str = "", url: str = URL) -> Voices:
    return Voices(default, speak_url=url, deepgram_key=key)


@pytest.fixture
def _no_espeak(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise espeak_library.ESpeakMissing("planted")

    monkeypatch.setattr("phonegame.speak.espeak.locate", missing)


class TestNames:
    @pytest.mark.parametrize(
        ("name", "voice"),
        [
            ("espeak", VoiceName(Engine.ESPEAK, "")),
            ("espeak:en-gb", VoiceName(Engine.ESPEAK, "en-gb")),
            ("espeak:en-us+f3", VoiceName(Engine.ESPEAK, "en-us+f3")),
            ("aura", VoiceName(Engine.AURA, "")),
            ("aura-2-thalia-en", VoiceName(Engine.AURA, "aura-2-thalia-en")),
            ("polly:Joanna", VoiceName(Engine.POLLY, "Joanna")),
            ("google:en-US-Neural2-F", VoiceName(Engine.GOOGLE, "en-US-Neural2-F")),
            ("google:en-US-Chirp3-HD-Kore", VoiceName(Engine.GOOGLE, "en-US-Chirp3-HD-Kore")),
            ("google:cmn-CN-Standard-A", VoiceName(Engine.GOOGLE, "cmn-CN-Standard-A")),
        ],
    )
    def test_each_engine_has_its_form(self, name: str, voice: VoiceName) -> None:
        assert parse_voice_name(name) == voice

    @pytest.mark.parametrize(
        "name",
        ["", "none", "Joanna", "polly", "polly:", "google:F", "espeak:../x", "aura-2&key=1", "aura ", "espeak:en\n"],
    )
    def test_others_are_refused_with_the_forms_that_there_are(self, name: str) -> None:
        with pytest.raises(UnknownVoice, match=r"espeak:en-gb, aura-2-thalia-en, polly:Joanna or google:"):
            parse_voice_name(name)

    def test_a_refusal_is_short_whatever_was_asked_for(self) -> None:
        with pytest.raises(UnknownVoice) as caught:
            parse_voice_name("x" * 10_000)
        assert len(str(caught.value)) < 250


class TestDefault:
    @pytest.mark.parametrize(
        ("default", "key", "name"),
        [
            ("auto", "", "espeak:en-us"),
            ("auto", "key", "aura-2-thalia-en"),
            ("espeak", "key", "espeak:en-us"),
            ("espeak:de", "", "espeak:de"),
            ("aura", "key", "aura-2-thalia-en"),
            ("aura-2-zeus-en", "key", "aura-2-zeus-en"),
        ],
    )
    def test_it_is_what_the_setting_says(self, default: str, key: str, name: str) -> None:
        has = voices(default, key=key)
        assert has.has_voice
        assert has.find(None).name == name

    def test_aura_is_the_model_of_the_url(self) -> None:
        assert (
            voices("aura", key="key", url="wss://x/v1/speak?model=aura-2-zeus-en").find(None).name == "aura-2-zeus-en"
        )

    def test_none_has_no_voice_but_those_that_are_named(self) -> None:
        has = voices("none", key="key")
        assert not has.has_voice
        with pytest.raises(SpeakError, match="PHONEGAME_VOICE"):
            has.find(None)
        assert has.find("espeak").name == "espeak:en-us"

    @pytest.mark.usefixtures("_no_espeak")
    def test_auto_is_none_where_nothing_is_installed(self) -> None:
        assert not voices("auto").has_voice

    @pytest.mark.usefixtures("_no_espeak")
    def test_a_voice_asked_for_by_name_and_missing_is_an_error(self) -> None:
        with pytest.raises(VoiceMissing, match=r"phonegame\[local\]"):
            voices("espeak")

    def test_aura_without_a_key_is_an_error_but_at_home(self) -> None:
        with pytest.raises(VoiceMissing, match="DEEPGRAM_API_KEY"):
            voices("aura")
        assert voices("aura", url="ws://127.0.0.1:8000/v1/speak").has_voice

    @pytest.mark.parametrize(("name", "extra"), [("polly:Joanna", "polly"), ("google:en-US-Neural2-F", "google")])
    def test_a_missing_sdk_is_told_with_what_to_install(
        self, name: str, extra: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for module in ("boto3", "google.cloud", "google.cloud.texttospeech"):
            monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(VoiceMissing, match=rf"phonegame\[{extra}\]"):
            voices(name)


class TestFinding:
    def test_a_voice_is_made_once(self) -> None:
        has = voices()
        assert has.find("espeak:de") is has.find("espeak:de")

    def test_games_that_name_any_number_of_voices_take_no_more_memory(self) -> None:
        has = voices(key="key")
        for number in range(3 * MAX_VOICES):
            has.find(f"aura-{number}")
        assert len(has._voices) == MAX_VOICES
        assert has.find("aura-0").name == "aura-0"

    def test_an_unknown_one_is_refused(self) -> None:
        with pytest.raises(UnknownVoice):
            voices().find("loud")


async def test_the_default_voice_speaks_over_the_connections_that_run_owns() -> None:
    async with fake_aura() as aura, trio.open_nursery() as nursery:
        has = voices(key="key", url=aura.url)
        await nursery.start(has.run)
        sound = Sound("hello")
        await has.find(None).speak(sound)
        nursery.cancel_scope.cancel()
    assert sound.audio == spoken("hello")


async def test_the_default_voice_can_be_warmed() -> None:
    async with fake_aura() as aura, trio.open_nursery() as nursery:
        has = voices(key="key", url=aura.url)
        await nursery.start(has.run)
        has.warm_nowait()
        await aura.wait_until(lambda: aura.open)
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("default", ["none", "espeak"])
def test_a_voice_without_connections_needs_no_warming(default: str) -> None:
    voices(default, key="key").warm_nowait()


async def test_sentences_of_prompts_are_made_once() -> None:
    async with fake_aura() as aura, trio.open_nursery() as nursery:
        has = Voices("aura", speak_url=aura.url, deepgram_key="key", cache_bytes=0)
        has.keep(["Hello. You're in!"])
        await nursery.start(has.run)
        say = partial(has.find(None).speak)
        for text in ("Hello.", "You're in!", "Hello.", "never kept", "never kept", "You're in!"):
            await say(Sound(text))
        nursery.cancel_scope.cancel()
    assert aura.texts == ["Hello.", "You're in!", "never kept", "never kept"]
