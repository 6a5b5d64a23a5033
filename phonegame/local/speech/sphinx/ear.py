"""One utterance of telephone audio -> words, with pocketsphinx, and the courage to say "that was nothing I know".

pocketsphinx's English model is made for 16 kHz. What makes it understand a telephone:

- every utterance is brought to one loudness, and quiet noise is laid under it, so that silence has a spectrum too;
- a linear transform (`human.mllr`, `espeak.mllr`) moves the model's means to what they are on a telephone line. The
  first was estimated on 160 utterances in the four 16 kHz voices of flite (which are made of people's recordings),
  sent through 8 kHz mu-law; the second on 180 of eSpeak NG's en-us. Maximum likelihood (MLLR) after aligning the
  known text, three rounds. The recordings that scripts/recognise.py measures with took no part in it;
- two grammars are decoded apart and weighed against a free loop of phones, which fits anything: how much worse
  than that loop a hypothesis is, per frame, tells a number from a cough or another sentence.

Everything here computes and holds the interpreter lock; the figures beside the constants were found by measurement.
"""

from __future__ import annotations

import audioop
import functools
import math
import random
import re
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import Literal

from pocketsphinx import Decoder, get_model_path

from phonegame.local.speech.numerals import NUMBER_WORDS
from phonegame.local.speech.sphinx.grammar import Grammar, extended, single, spoken_phrases
from phonegame.local.speech.sphinx.pronounce import pronounce

FRAMES_PER_SECOND = 100
LOUDNESS = 4000  # of the loud frames, root mean square
LOUDEST_GAIN = 20.0
NOISE = 3.0  # standard deviation; with 0 six in ten mistakes more
EARS = 8  # at most, of different phrases
FRAME_BYTES = 320  # 20 ms of 16-bit samples at 8 kHz

WORST_FIT = 28.0  # below the phone loop, per frame. Numbers: 12 in the middle, 24 at most; other speech: 45 and more
WORST_EXTENDED_FIT = 19.0  # a row of digits can be bent to any sentence: other speech is 22 and more
SURE_FIT = 10.0  # as good as this, the extended grammar is not asked
EXTENDED_LEAD = 800.0  # by which it must be better than `single`; breath alone gives it up to 400
MOST_EXTENDED_FRAMES = 500  # a tenth of the audio's length is needed for it, during which nothing else runs
LEAST_COVER = 0.85  # of the loud frames must lie within words
LOUD = 0.03  # of the loudest frame
VOICED_LIKENESS = 0.4  # of neighbouring samples: 0 in white noise, 0.6 to 0.95 in vowels
LEAST_VOICED = 4  # frames of 20 ms; "six" and "eight" have five and more

_WIDE: dict[str, float] = {}
_NARROW = {"beam": 1e-30, "pbeam": 1e-30, "wbeam": 1e-20}  # the extended grammar would take as long as the speech
_LOG_BASE = math.log(1.0001)


Voices = Literal["human", "espeak"]
# eSpeak NG ends a last vowel so abruptly that the model hears a stop behind it.
_ESPEAK_SAYS = {
    "twenty": "T W EH N T IY D", "thirty": "TH ER D IY D", "forty": "F AO R D IY D", "fifty": "F IH F T IY D",
    "sixty": "S IH K S T IY D", "seventy": "S EH V AH N D IY D", "eighty": "EY D IY D", "ninety": "N AY N D IY D",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """Seconds since the beginning of the utterance's audio."""

    text: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True, slots=True)
class _Hypothesis:
    words: tuple[SpokenWord, ...]
    score: float
    cover: float


class Ear:
    """Two decoders and their grammars, 60 MB together. One utterance at a time; threads wait their turn."""

    def __init__(self, phrases: Sequence[str], *, voices: Voices = "human", dictation: bool = False) -> None:
        with resources.as_file(resources.files(__package__) / f"{voices}.mllr") as path:
            self._single = _decoder(str(path), _WIDE)
            self._extended = _decoder(str(path), _NARROW)
        for word, phones in _ESPEAK_SAYS.items() if voices == "espeak" else ():
            self._single.add_word(f"{word}(9)", phones, False)
            self._extended.add_word(f"{word}(9)", phones, False)
        self._single.add_allphone_file("phones", None)
        self._lock = threading.Lock()
        self._dictation = dictation
        if dictation:
            self._extended.add_lm_file("dictation", f"{get_model_path()}/en-us/en-us.lm.bin")
        spoken = spoken_phrases(phrases)
        _set_grammar(self._single, single(spoken))
        _set_grammar(self._extended, extended(spoken))

    def hear(self, pcm: bytes) -> tuple[SpokenWord, ...]:
        """16-bit at 8 kHz, one whole utterance -> its words; none when it was nothing that is expected."""
        if not is_voiced(pcm):
            return ()
        with self._lock:
            return self._understand(prepare(pcm), loud_frames(pcm))

    def guess(self, pcm: bytes) -> tuple[SpokenWord, ...]:
        """As `hear`, for an utterance that goes on: without its last word, and without the number before it.

        Either may become another one yet, and a number that is not meant patches a call to a stranger's game.
        """
        audio, loud = prepare(pcm), loud_frames(pcm)
        with self._lock:
            loop = _decode(self._single, "phones", audio, loud, whole=False)
            guessed = _decode(self._single, "grammar", audio, loud, whole=False)
        if loop is None or guessed is None or guessed.cover < LEAST_COVER:
            return ()
        words = _sure(guessed, loop, len(loud), WORST_FIT)[:-1]
        while words and words[-1].text in NUMBER_WORDS:
            words = words[:-1]
        return words

    def _understand(self, audio: bytes, loud: Sequence[bool]) -> tuple[SpokenWord, ...]:
        frames = len(loud)
        loop = _decode(self._single, "phones", audio, loud)
        if loop is None:
            return ()
        if self._dictation:
            return _sure(_decode(self._extended, "dictation", audio, loud), loop, frames, math.inf)
        one = _decode(self._single, "grammar", audio, loud)
        if one is not None and one.cover < LEAST_COVER:
            one = None
        if one is not None and _fit(one, loop, frames) <= SURE_FIT:
            return _sure(one, loop, frames, WORST_FIT)
        more = _decode(self._extended, "grammar", audio, loud) if frames <= MOST_EXTENDED_FRAMES else None
        if more is None or more.cover < LEAST_COVER:
            return _sure(one, loop, frames, WORST_FIT)
        if one is None or more.score > one.score + EXTENDED_LEAD:
            return _sure(more, loop, frames, WORST_EXTENDED_FIT)
        return _sure(one, loop, frames, WORST_FIT)


@functools.lru_cache(maxsize=EARS)
def shared_ear(phrases: tuple[str, ...], voices: Voices, dictation: bool) -> Ear:
    """One ear for all calls that expect the same: an ear remembers nothing between utterances."""
    return Ear(phrases, voices=voices, dictation=dictation)


def is_voiced(pcm: bytes) -> bool:
    """Whether there are vowels in it: there each sample resembles the one before, unlike in a hiss or a click."""
    threshold = LOUD * max(_levels(pcm), default=0)
    voiced = 0
    for end in range(FRAME_BYTES, len(pcm) + 1, FRAME_BYTES):
        frame = pcm[end - FRAME_BYTES : end]
        if audioop.rms(frame, 2) > threshold:
            voiced += audioop.findfactor(frame[2:], frame[:-2]) > VOICED_LIKENESS
    return voiced >= LEAST_VOICED


def prepare(pcm: bytes) -> bytes:
    """Loudness, noise, 16 kHz. Linear on purpose: what it mirrors upwards fills the empty band a little."""
    loud = sorted(_levels(pcm))
    level = loud[int(len(loud) * 0.95)] if loud else 0
    pcm = audioop.mul(pcm, 2, min(LOUDEST_GAIN, LOUDNESS / max(1, level)))
    noise = _noise() * (len(pcm) // len(_noise()) + 1)
    pcm = audioop.add(pcm, noise[: len(pcm)], 2)
    return audioop.ratecv(pcm, 2, 1, 8000, 16000, None)[0]


def loud_frames(pcm: bytes) -> list[bool]:
    """For each 10 ms whether there is sound in it that the words have to account for."""
    levels = _levels(pcm)
    threshold = LOUD * max(levels, default=0)
    return [level > threshold for level in levels for _ in range(2)]


def _levels(pcm: bytes) -> list[int]:
    ends = range(FRAME_BYTES, len(pcm) + 1, FRAME_BYTES)
    return [audioop.rms(pcm[end - FRAME_BYTES : end], 2) for end in ends]


@functools.cache
def _noise() -> bytes:
    """A second of it; always the same, so that recognition is repeatable."""
    source = random.Random(1)
    return struct.pack("<8000h", *(round(source.gauss(0, NOISE)) for _ in range(8000)))


def _decoder(mllr: str, beams: dict[str, float]) -> Decoder:
    # compallsen: without it each search normalises its scores by the sounds that it happens to look at
    return Decoder(lm=None, mllr=mllr, compallsen=True, loglevel="FATAL", **beams)


def _set_grammar(decoder: Decoder, grammar: Grammar) -> None:
    for word in sorted(grammar.words):
        if decoder.lookup_word(word) is None:
            decoder.add_word(word, pronounce(word) or "SIL", False)
    decoder.add_fsg("grammar", decoder.create_fsg("grammar", 0, 1, grammar.transitions))


def _decode(
    decoder: Decoder, search: str, audio: bytes, loud: Sequence[bool], *, whole: bool = True
) -> _Hypothesis | None:
    decoder.activate_search(search)
    decoder.start_utt()
    decoder.process_raw(audio, full_utt=True)
    if whole:
        decoder.end_utt()
    best = decoder.hyp()
    segments = [] if best is None else list(decoder.seg())
    if not whole:
        decoder.end_utt()
    spoken = [segment for segment in segments if _is_word(segment.word)]
    if best is None or not spoken or best.score <= 0:
        return None
    covered = sum(sum(loud[segment.start_frame : segment.end_frame + 1]) for segment in spoken)
    # of an utterance that goes on, the word under way is not among them yet
    total = sum(loud if whole else loud[: spoken[-1].end_frame + 1])
    words = tuple(
        SpokenWord(
            re.sub(r"\(\d+\)$", "", segment.word),  # which of several pronunciations
            segment.start_frame / FRAMES_PER_SECOND,
            (segment.end_frame + 1) / FRAMES_PER_SECOND,
            1.0,
        )
        for segment in spoken
    )
    return _Hypothesis(words, math.log(best.score) / _LOG_BASE, covered / max(1, total))


def _is_word(name: str) -> bool:
    """And not <sil>, [NOISE], ++UH++, (NULL), nor the loop's SIL."""
    return name[0].isalnum() and name != "SIL"


def _fit(hypothesis: _Hypothesis, loop: _Hypothesis, frames: int) -> float:
    return (loop.score - hypothesis.score) / max(1, frames)


def _sure(hypothesis: _Hypothesis | None, loop: _Hypothesis, frames: int, worst: float) -> tuple[SpokenWord, ...]:
    """The words with a confidence, or none if they fit too badly."""
    if hypothesis is None or (fit := _fit(hypothesis, loop, frames)) > worst:
        return ()
    confidence = max(0.4, min(0.99, 1.05 - max(0.0, fit) / 60))
    return tuple(replace(word, confidence=round(confidence, 3)) for word in hypothesis.words)
