"""The page's own arithmetic, in the browser that it is for: mu-law, the resampler, the small buffer."""

from __future__ import annotations

import audioop
import math
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.booth import open_carrier
from tests.browser.visit import Visit

pytestmark = pytest.mark.slow

TONE = """async ([from, to, hertz, seconds, pieces]) => {
  const { Resampler } = await import("/phone/resampler.js");
  const resampler = new Resampler(from, to);
  const input = Float32Array.from({ length: from * seconds }, (_, n) => Math.sin((2 * Math.PI * hertz * n) / from));
  const output = [];
  let place = 0;
  for (let turn = 0; place < input.length; turn += 1) {
    const size = pieces[turn % pieces.length];
    output.push(...resampler.push(input.subarray(place, place + size)));
    place += size;
  }
  return output;
}"""


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    """The phone's page, with no call."""

    with open_carrier() as opened:
        visit = Visit(chromium.new_context())
        visit.page.goto(opened.phone_url)
        yield visit.page
        visit.end()
        assert visit.faults == []


def test_mulaw_is_that_of_the_standard_library_for_every_sample(page: Page) -> None:
    encoded, decoded = page.evaluate(
        """async () => {
          const { encode, decode } = await import("/phone/mulaw.js");
          const all = Int16Array.from({ length: 65536 }, (_, n) => n - 32768);
          return [[...encode(all)], [...decode(Uint8Array.from({ length: 256 }, (_, n) => n))]];
        }"""
    )
    samples = b"".join(sample.to_bytes(2, "little", signed=True) for sample in range(-32768, 32768))
    assert bytes(encoded) == audioop.lin2ulaw(samples, 2)
    expected = audioop.ulaw2lin(bytes(range(256)), 2)
    assert decoded == [int.from_bytes(expected[at : at + 2], "little", signed=True) for at in range(0, 512, 2)]


def level(samples: list[float]) -> float:
    """In decibels: of a full sine 0. Without the edges, where the tone begins and ends."""
    middle = samples[len(samples) // 4 : -len(samples) // 4]
    return 10 * math.log10(2 * sum(sample * sample for sample in middle) / len(middle) + 1e-12)


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000, 96_000])
def test_speech_passes_the_resampler_and_what_would_alias_does_not(page: Page, rate: int) -> None:
    def at(hertz: int) -> float:
        output = page.evaluate(TONE, [rate, 8000, hertz, 0.2, [128]])
        assert abs(len(output) - 1600) <= 21
        return level(output)

    assert [round(at(hertz), 1) for hertz in (300, 1000, 3000)] == [0, 0, 0]
    for hertz in (4500, 5000, 7000):
        assert at(hertz) < -55
    # which the standard library's lets through: it has no filter
    samples = [round(20_000 * math.sin(2 * math.pi * 5000 * n / rate)) for n in range(rate // 5)]
    tone = b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples)
    converted, _ = audioop.ratecv(tone, 2, 1, rate, 8000, None)
    assert audioop.rms(converted, 2) > 1000


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_the_way_back_has_the_tone_and_no_image_of_it(page: Page, rate: int) -> None:
    output = page.evaluate(TONE, [8000, rate, 1000, 0.2, [16]])
    delay = 20 / 8000
    pure = [math.sin(2 * math.pi * 1000 * (n / rate - delay)) for n in range(len(output))]
    assert level([got - want for got, want in zip(output, pure, strict=True)]) < -50


def test_pieces_of_any_length_give_the_same(page: Page) -> None:
    whole = page.evaluate(TONE, [44_100, 8000, 440, 0.1, [100_000]])
    assert page.evaluate(TONE, [44_100, 8000, 440, 0.1, [1, 128, 7, 500]]) == whole
    assert page.evaluate(TONE, [8000, 8000, 440, 0.1, [33]]) != []


def buffer(page: Page, script: str) -> Any:
    return page.evaluate(
        f"""async () => {{
          const {{ JitterBuffer }} = await import("/phone/jitter-buffer.js");
          const buffer = new JitterBuffer();
          const frame = (value) => new Float32Array(160).fill(value);
          {script}
        }}"""
    )


def test_the_buffer_waits_for_a_head_start_and_again_after_running_dry(page: Page) -> None:
    assert buffer(
        page,
        """const heard = [];
           for (let n = 1; n <= 3; n += 1) { buffer.put(frame(n / 10)); heard.push(buffer.take(80)[0]); }
           for (let n = 0; n < 6; n += 1) heard.push(buffer.take(80)[0]);
           buffer.put(frame(1)); heard.push(buffer.take(80)[0]);
           return heard.map((sample) => Math.round(10 * sample));""",
    ) == [0, 0, 1, 1, 2, 2, 3, 3, 0, 0]


def test_the_buffer_leaves_silence_out_and_in_the_end_the_oldest(page: Page) -> None:
    assert buffer(page, "for (let n = 0; n < 20; n += 1) buffer.put(frame(0)); return buffer.length") == 960
    script = "for (let n = 1; n < 27; n += 1) buffer.put(frame(n));"
    assert buffer(page, script + "return [buffer.length, buffer.take(1)[0]]") == [480, 24]


def test_clear_empties_the_buffer(page: Page) -> None:
    script = "for (let n = 0; n < 5; n += 1) buffer.put(frame(1)); buffer.clear();"
    assert buffer(page, script + "return [buffer.length, buffer.take(160)[0]]") == [0, 0]
