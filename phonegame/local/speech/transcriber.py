"""From what a recogniser heard to the messages that a client reads, by Deepgram's rules. No I/O; time is audio.

The audio is a row of windows. Each final closes one (`start`, `duration`), and the next begins where it ends. Once a
second an interim repeats what stands in the open window, words or silence; a window of silence is closed by an
empty final. UtteranceEnd comes when the gap after the last *final* word is long enough and no word follows.
"""

from __future__ import annotations

from collections.abc import Sequence

from phonegame.local.speech import messages
from phonegame.local.speech.heard import Final, Heard, Interim, SpeechBegan
from phonegame.local.speech.messages import JSON, Word
from phonegame.local.speech.numerals import with_numerals, with_punctuation
from phonegame.local.speech.query import ListenOptions

INTERIM_SECONDS = 1.0  # "updates roughly once a second" (docs: interim-results)
SILENT_WINDOW_SECONDS = 3.0  # ours: Deepgram does not say when it finalizes silence
LEAST_TO_FINALIZE = 0.2  # ours: "no reply is promised if little audio is buffered" (docs: finalize)


class Transcriber:
    """`verbatim`: words go out as the recogniser gave them. `empty_results`: silence yields Results too."""

    def __init__(
        self,
        options: ListenOptions,
        request_id: str,
        *,
        verbatim: bool = False,
        empty_results: bool = True,
    ) -> None:
        self.numerals = options.numerals
        self._options = options
        self._request_id = request_id
        self._verbatim = verbatim
        self._empty_results = empty_results
        self._window_start = 0.0
        self._last_result = 0.0
        self._speaking = False
        self._interim: tuple[Word, ...] = ()
        self._utterance_end_of: float | None = None

    def advance(self, heard: Sequence[Heard], until: float) -> list[JSON]:
        """What the client learns when `until` seconds of audio have come in; `heard` is in the order of its `at`."""
        out: list[JSON] = []
        for event in heard:
            out += self._wait(event.at, including=False)
            out += self._tell(event)
        return out + self._wait(until, including=True)

    def finalize(self, heard: Sequence[Heard], until: float) -> list[JSON]:
        """The answer to Finalize: the last final says `from_finalize`; no answer when there is hardly any audio."""
        out = self.advance(heard, until)
        finals = [message for message in out if message.get("is_final")]
        if finals:
            finals[-1]["from_finalize"] = True
        elif until - self._window_start >= LEAST_TO_FINALIZE:
            out += self._final(Final(until, (), until, speech_final=False), from_finalize=True)
        return out

    def _tell(self, event: Heard) -> list[JSON]:
        match event:
            case SpeechBegan(start=start):
                self._speaking = True
                return [messages.speech_started(start)] if self._options.vad_events else []
            case Interim():
                return self._new_interim(event)
            case Final():
                return self._final(event)

    def _new_interim(self, event: Interim) -> list[JSON]:
        self._speaking = True
        self._interim = event.words
        due = self._utterance_end_of
        if event.words and due is not None and event.words[0].start > due:
            self._utterance_end_of = None  # the gap was not long enough: its end is this word
        return self._results(event.words, event.at, start=event.start)

    def _final(self, event: Final, *, from_finalize: bool = False) -> list[JSON]:
        start = self._window_start if event.start is None else event.start
        end = max(event.end, start)
        message = messages.results(
            self._worded(event.words, closing=event.speech_final),
            start=start,
            end=end,
            is_final=True,
            speech_final=event.speech_final and self._options.endpointing_ms is not None,
            from_finalize=from_finalize,
            punctuated=self._options.punctuate,
            request_id=self._request_id,
            model=self._options.model,
        )
        self._window_start, self._last_result = max(end, self._window_start), event.at
        self._speaking, self._interim = False, ()
        if event.words and self._options.utterance_end_ms is not None:
            self._utterance_end_of = event.words[-1].end
        return [message]

    def _results(self, words: tuple[Word, ...], at: float, *, start: float | None = None) -> list[JSON]:
        self._last_result = at
        if not self._options.interim_results:
            return []
        begin = self._window_start if start is None else start
        return [
            messages.results(
                self._worded(words, closing=False),
                start=begin,
                end=max(at, begin),
                is_final=False,
                punctuated=self._options.punctuate,
                request_id=self._request_id,
                model=self._options.model,
            )
        ]

    def _worded(self, words: tuple[Word, ...], *, closing: bool) -> tuple[Word, ...]:
        if self._verbatim:
            return words
        if self.numerals:
            words = with_numerals(words)
        return with_punctuation(words, closing=closing) if self._options.punctuate else words

    def _wait(self, until: float, *, including: bool) -> list[JSON]:
        """Everything that comes due by itself before `until`, or at it, in order."""
        out: list[JSON] = []
        while True:
            repeat_at = self._last_result + INTERIM_SECONDS
            end_at = self._utterance_end_due()
            due = min(repeat_at, end_at)
            if due > until or (due == until and not including):
                return out
            if end_at <= repeat_at:
                out.append(messages.utterance_end(self._utterance_end_of or 0.0))
                self._utterance_end_of = None
            else:
                out += self._repeat(repeat_at)

    def _utterance_end_due(self) -> float:
        if self._utterance_end_of is None or self._options.utterance_end_ms is None:
            return float("inf")
        return self._utterance_end_of + self._options.utterance_end_ms / 1000

    def _repeat(self, at: float) -> list[JSON]:
        if not self._empty_results and not self._interim:
            self._last_result = at
            return []
        if not self._speaking and at - self._window_start >= SILENT_WINDOW_SECONDS:
            return self._final(Final(at, (), at, speech_final=True))
        return self._results(self._interim, at)
