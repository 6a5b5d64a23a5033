"""Full scale, and headers. tests/local/phone/test_wav.py hears each format, rate and width."""

from __future__ import annotations

import array
import audioop
import math
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.audio import decode_mulaw, encode_mulaw
from phonegame.wav import ALAW, EXTENSIBLE, FLOAT, MULAW, PCM, UNKNOWN_SIZE, WavFault, read_wav

FULL = {1: b"\xff", 2: b"\xff\x7f", 3: b"\xff\xff\x7f", 4: b"\xff\xff\xff\x7f"}
"""The loudest sample upwards, by width; the one downwards is its complement."""


def head(encoding: int, channels: int, rate: int, bits: int) -> bytes:
    width = bits // 8
    fields = struct.pack("<HHIIHH", encoding, channels, rate, rate * channels * width, channels * width, bits)
    return b"fmt " + struct.pack("<I", len(fields)) + fields


def riff(*chunks: bytes, size: int | None = None) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


def data(body: bytes, size: int | None = None) -> bytes:
    return b"data" + struct.pack("<I", len(body) if size is None else size) + body


TELEPHONE = head(MULAW, 1, 8000, 8)


def played(content: bytes) -> bytes:
    return read_wav(content).to_telephone()


def peak(mulaw: bytes) -> tuple[int, int]:
    pcm = array.array("h", decode_mulaw(mulaw))
    return min(pcm), max(pcm)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_full_scale_does_not_wrap(width: int, channels: int) -> None:
    up = FULL[width] * channels
    down = bytes(255 - byte for byte in up)
    for sample, loudest in ((up, encode_mulaw(b"\xff\x7f")), (down, encode_mulaw(b"\x00\x80"))):
        assert set(played(riff(head(PCM, channels, 8000, 8 * width), data(sample * 400)))) == set(loudest)


@pytest.mark.parametrize("rate", [8000, 44100])
def test_two_channels_at_full_scale_do_not_wrap(rate: int) -> None:
    square = struct.pack("<h", 32767) * 200 + struct.pack("<h", -32768) * 200
    both = audioop.tostereo(square, 2, 1, 1)
    quietest, loudest = peak(played(riff(head(PCM, 2, rate, 16), data(both * 5))))
    assert quietest < -31000
    assert loudest > 31000


def test_stereo_is_heard_from_both_sides() -> None:
    one_side = struct.pack("<hh", 8000, 0) * 400
    other_side = struct.pack("<hh", 0, 8000) * 400
    halved = set(encode_mulaw(struct.pack("<h", 4000)))
    assert set(played(riff(head(PCM, 2, 8000, 16), data(one_side)))) == halved
    assert set(played(riff(head(PCM, 2, 8000, 16), data(other_side)))) == halved


@pytest.mark.parametrize(("bits", "code"), [(32, "f"), (64, "d")])
def test_float_is_clipped_at_full_scale(bits: int, code: str) -> None:
    values = [0.0, 0.5, 1.0, 1.5, -1.0, -7.0, math.inf, -math.inf, math.nan]
    content = riff(head(FLOAT, 1, 8000, bits), data(struct.pack(f"<{len(values)}{code}", *values)))
    pcm = struct.pack("<9h", 0, 16384, 32767, 32767, -32768, -32768, 32767, -32768, 0)
    assert played(content) == encode_mulaw(pcm)


def test_the_extensible_header_says_what_is_behind_it() -> None:
    fields = struct.pack("<HHIIHHHHIH", EXTENSIBLE, 1, 8000, 32000, 4, 32, 22, 32, 0, FLOAT) + bytes(14)
    content = riff(b"fmt " + struct.pack("<I", len(fields)) + fields, data(struct.pack("<2f", 0.5, -0.5)))
    assert played(content) == encode_mulaw(struct.pack("<2h", 16384, -16384))


@pytest.mark.parametrize("encoding", [MULAW, ALAW])
def test_telephone_formats_of_other_rates_are_converted(encoding: int) -> None:
    (outcome,) = {len(played(riff(head(encoding, 1, 16000, 8), data(b"\xd5" * 1600))))}
    assert outcome == pytest.approx(800, abs=1)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(riff(TELEPHONE, data(b"abc")), id="in order, not padded"),
        pytest.param(riff(TELEPHONE, data(b"abc") + b"\0"), id="padded"),
        pytest.param(riff(b"LIST\x03\0\0\0abc\0", TELEPHONE, data(b"abc")), id="odd chunk before"),
        pytest.param(
            riff(b"LIST\x03\0\0\0abc", TELEPHONE, data(b"abc")), id="odd chunk before that lacks its pad byte"
        ),
        pytest.param(riff(TELEPHONE, data(b"abc") + b"\0", b"LIST\x02\0\0\0ab"), id="chunk behind"),
        pytest.param(riff(TELEPHONE, data(b"abc", size=1000)), id="cut off"),
        pytest.param(riff(TELEPHONE, data(b"abc", size=UNKNOWN_SIZE), size=UNKNOWN_SIZE), id="streamed, size unknown"),
        pytest.param(riff(TELEPHONE, data(b"abc", size=0), size=UNKNOWN_SIZE), id="streamed, sound of no size"),
        pytest.param(riff(TELEPHONE, data(b"abc", size=0), size=0), id="streamed, header never completed"),
        pytest.param(riff(TELEPHONE, data(b"abc", size=0), size=36), id="streamed, header as if empty"),
        pytest.param(riff(TELEPHONE, data(b"abc"), size=5), id="wrong size of the whole"),
    ],
)
def test_sizes_are_read_as_players_read_them(content: bytes) -> None:
    assert played(content) == b"abc"


def test_what_is_left_of_a_last_sample_is_left_out() -> None:
    assert read_wav(riff(head(PCM, 2, 8000, 16), data(bytes(4 * 10 + 3)))).body == bytes(40)


def test_an_empty_sound_stays_empty_whatever_follows() -> None:
    assert read_wav(riff(TELEPHONE, data(b""), b"LIST\x04\0\0\0abcd")).body == b""


@pytest.mark.parametrize(("rate", "fits"), [(3999, False), (4000, True), (192_000, True), (192_001, False)])
def test_rates_have_bounds(rate: int, fits: bool) -> None:
    content = riff(head(PCM, 1, rate, 16), data(bytes(2 * rate // 10)))
    if fits:
        assert len(played(content)) == pytest.approx(800, abs=2)
    else:
        with pytest.raises(WavFault, match="4000 to 192000"):
            read_wav(content)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"ID3\x04" + bytes(20), "MP3"),
        (b"OggS" + bytes(20), "Ogg"),
        (b"fLaC" + bytes(20), "FLAC"),
        (b"RIFX" + riff(TELEPHONE)[4:], "no WAV"),
        (riff(data(b"abc")), "in which format"),
        (riff(head(2, 1, 8000, 8), data(b"abc")), "format 2 with 8 bits"),
        (riff(head(MULAW, 1, 8000, 16), data(b"abc")), "format 7 with 16 bits"),
        (riff(head(PCM, 6, 8000, 16), data(bytes(24))), "6 channels"),
    ],
)
def test_what_cannot_be_played_says_why(content: bytes, what: str) -> None:
    with pytest.raises(WavFault, match=what):
        read_wav(content)


@given(st.binary(max_size=60), st.data())
def test_a_file_with_any_bytes_in_its_header_has_an_outcome(some: bytes, drawn: st.DataObject) -> None:
    whole = riff(head(PCM, 1, 16000, 16), data(bytes(200)))
    at = drawn.draw(st.integers(0, len(whole)))
    with suppress(WavFault):
        assert isinstance(played(whole[:at] + some + whole[at + len(some) :]), bytes)


def test_pieces_are_a_fiftieth_of_a_second() -> None:
    wav = read_wav(riff(head(PCM, 2, 44100, 16), data(bytes(4 * 44100))))
    assert wav.seconds == 1.0
    assert max(map(len, wav.telephone_pieces())) == pytest.approx(160, abs=1)
