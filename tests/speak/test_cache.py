from __future__ import annotations

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from phonegame.speak.cache import CachedVoice, Recording, RecordingCache
from phonegame.speak.sound import Sound, WordTime
from phonegame.speak.voice import SpeakError


class Counter:
    """A voice that counts how often it is asked, and fails half-way when it is told to."""

    def __init__(self, name: str = "counter") -> None:
        self.name = name
        self.texts: list[str] = []
        self.failure: SpeakError | None = None

    async def speak(self, sound: Sound) -> None:
        await trio.lowlevel.checkpoint()
        self.texts.append(sound.text)
        sound.add_word(0, len(sound.text), 0)
        sound.add(sound.text.encode())
        if self.failure:
            raise self.failure
        await trio.lowlevel.checkpoint()
        sound.add(b"!")


async def say(voice: CachedVoice, text: str) -> Sound:
    sound = Sound(text)
    await voice.speak(sound)
    return sound


async def test_what_was_said_once_is_not_made_again() -> None:
    engine = Counter()
    voice = CachedVoice(engine, RecordingCache())
    first, second = await say(voice, "hello"), await say(voice, "hello")
    assert engine.texts == ["hello"]
    assert first.audio == second.audio == b"hello!"
    assert first.words == second.words == [WordTime(0, 5, 0)]


async def test_each_voice_has_its_own() -> None:
    cache, one, other = RecordingCache(), Counter("one"), Counter("other")
    await say(CachedVoice(one, cache), "hello")
    await say(CachedVoice(other, cache), "hello")
    assert other.texts == ["hello"]


async def test_what_failed_is_not_kept() -> None:
    engine = Counter()
    voice = CachedVoice(engine, RecordingCache())
    engine.failure = SpeakError("planted")
    with pytest.raises(SpeakError):
        await say(voice, "hello")
    engine.failure = None
    assert (await say(voice, "hello")).audio == b"hello!"


async def test_what_was_cancelled_is_not_kept() -> None:
    engine = Counter()
    voice = CachedVoice(engine, RecordingCache())
    with trio.CancelScope() as scope:
        sound = Sound("hello", on_change=scope.cancel)
        await voice.speak(sound)
    assert scope.cancelled_caught
    assert (await say(voice, "hello")).audio == b"hello!"
    assert engine.texts == ["hello", "hello"]


async def test_what_is_to_be_kept_outlives_everything_else() -> None:
    cache, engine = RecordingCache(2000), Counter()
    voice = CachedVoice(engine, cache)
    cache.keep("counter", ["welcome"])
    await say(voice, "welcome")
    for number in range(10):
        await say(voice, f"{number}" * 900)
    engine.texts.clear()
    await say(voice, "welcome")
    assert engine.texts == []


async def test_the_one_used_longest_ago_goes_first() -> None:
    cache, engine = RecordingCache(3 * Recording("one", b"one!", (WordTime(0, 3, 0),)).size), Counter()
    voice = CachedVoice(engine, cache)
    for text in ("one", "two", "six", "one", "ten"):
        await say(voice, text)
    engine.texts.clear()
    for text in ("one", "six", "ten", "two"):
        await say(voice, text)
    assert engine.texts == ["two"]


async def test_a_mistake_in_the_cached_sound_cannot_come_from_outside() -> None:
    voice = CachedVoice(Counter(), RecordingCache())
    first = await say(voice, "hello")
    first.audio.clear()
    assert (await say(voice, "hello")).audio == b"hello!"


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 3000)), max_size=30))
def test_it_never_holds_more_than_it_may(recordings: list[tuple[str, int]]) -> None:
    cache = RecordingCache(4000)
    for text, length in recordings:
        cache.add("voice", Recording(text, bytes(length), ()))
        held = [recording for text in "abcde" if (recording := cache.find("voice", text))]
        assert cache.size == sum(recording.size for recording in held) <= 4000
