"""What a caller has said, pieced together from Deepgram's sessions on the call's own time. No I/O in here.

Deepgram's times count from the start of a session, and a call may need several. Each message leaves here with the
call's times, and unchanged where these are the session's. Words are delivered once: what has been delivered (or was
given up) ends at `_delivered`, and a word whose middle lies before that is left out of whatever comes later.

An interim result is a promise that Deepgram does not always keep. Where its final does not come:

    interim with text --no change for `final_seconds`--> ask for it (Finalize) --`FINALIZE_SECONDS`--> deliver as final
                      --words of a later time come: Deepgram has gone on without it----------------> deliver as final
                      --the session is lost, its audio too old to be sent again----------------------> deliver as final
                      --the call has ended-----------------------------------------------------------> deliver as final

An API that has no Finalize is not asked either: Flux ends each turn after its own `eot_timeout_ms` at the latest.

A final that covers the interim and has no text withdraws it (noise, mostly); one that covers a part leaves the rest
waiting. An interim whose session is lost waits for the results of the next one, which hears its audio again.

A session that is left on purpose is asked for what it still has, and that ends where we have cut the audio off: in the
midst of a word, perhaps. Words of the last `UNSURE_SECONDS` before the cut are left to the next session.
"""

from __future__ import annotations

import math
from typing import Any

from phonegame.deepgram.messages import Results, Word
from phonegame.listen.api import ListenApi
from phonegame.listen.heard import Heard as Heard
from phonegame.listen.heard import edited

FINALIZE_SECONDS = 1.0
"""No answer to Finalize is promised: Deepgram's documentation says "usually"."""
UNSURE_SECONDS = 1.0
"""As long as a long word: where one begins that is cut off, Deepgram need not tell."""
LEAD_IN_SECONDS = 0.2
"""A session hears so much before the first word that is left to it: the times of words are none too exact."""
TOLERANCE_SECONDS = 0.001
"""Times are rounded on their way: a word may seem to begin a little before the audio that is kept."""


def _middle(word: Word) -> float:
    return (word.start + word.end) / 2


class Transcript:
    """`receive` takes Deepgram's messages, `deadline` tells when to call `overdue`."""

    def __init__(self, api: ListenApi, final_seconds: float) -> None:
        self._api = api
        self._final_seconds = final_seconds if api.finalize is not None else math.inf
        self._delivered = -math.inf
        self._interim: Heard | None = None
        self._finalize_asked = False
        self._sure_until = math.inf  # finals of a session that is being left hold up to there
        self.deadline = math.inf
        """On the caller's clock; `math.inf` while nothing is owed."""
        self.covered = 0.0
        """Seconds of the call up to which Deepgram's results are final."""
        self.malformed = 0
        """Messages that were none."""

    def begin_session(self, offset: float) -> None:
        """A session begins whose first byte of audio is `offset` seconds into the call."""
        self._api.begin_session(offset)
        self._sure_until = math.inf

    def leave_session(self, cut: float) -> None:
        """The session gets no audio from `cut` on (seconds of the call), and gives what results it still has."""
        self._sure_until = max(self.covered, cut - UNSURE_SECONDS)

    @property
    def is_quiet(self) -> bool:
        """Whether no words wait for their final."""
        return self._interim is None

    def receive(self, raw: str, now: float) -> list[Heard]:
        """What goes on to the call: the message, if anything is left of it, and before it a final that never came."""
        read = self._api.read(raw)
        if read is None:
            self.malformed += 1
            return []
        received: list[Heard] = []
        for heard in read:
            received += [heard] if heard.results is None else self._receive_results(heard, heard.results, now)
        return received

    def _receive_results(self, heard: Heard, results: Results, now: float) -> list[Heard]:
        passed_over = self._promote(before=results.start) if results.best.transcript else None
        kept = without_words_before(heard, self._delivered)
        if results.is_final:
            if not results.best.transcript:
                self._doubt_silence()
            sure_until = min(results.end, self._sure_until)
            self._settle_interim(results, sure_until)
            if kept is not None and sure_until < results.end:
                kept, sure_until = self._without_unsure_words(kept, sure_until)
            self.covered = max(self.covered, sure_until)
        elif kept is not None and kept.results is not None and kept.results.best.transcript:
            self._wait_for_final(kept, kept.results, now)
        return [each for each in (passed_over, kept) if each is not None]

    def _wait_for_final(self, heard: Heard, results: Results, now: float) -> None:
        before = self._interim.results if self._interim else None
        is_news = before is None or before.best.transcript != results.best.transcript
        if is_news or self.deadline == math.inf:
            self.deadline = now + self._final_seconds
            self._finalize_asked = False
        self._interim = heard

    def _doubt_silence(self) -> None:
        """A session that is being left, and has nothing to say of the words that wait: the next one shall hear them."""
        if self._sure_until < math.inf:
            self._sure_until = min(self._sure_until, self._pending_start - LEAD_IN_SECONDS)

    def _without_unsure_words(self, final: Heard, sure_until: float) -> tuple[Heard | None, float]:
        """What may be delivered of it, and up to where it holds. The rest waits as an interim does."""
        results = final.results
        assert results is not None
        sure = sum(word.end <= sure_until for word in results.best.words)
        unsure_words = results.best.words[sure:]
        if not unsure_words:
            # a session may give no words
            return final, results.end if results.best.transcript and not sure else sure_until
        if sure:
            self._delivered = results.best.words[sure - 1].end
        self._sure_until = min(sure_until, unsure_words[0].start - LEAD_IN_SECONDS)
        self._interim = without_first_words(final, sure)
        return _with_first_words(final, sure), self._sure_until

    def _settle_interim(self, final: Results, sure_until: float) -> None:
        if self._interim is None or (not final.best.transcript and final.start > self._pending_start):
            return
        rest = without_words_before(self._interim, sure_until)
        if rest is None or rest.results is None or not rest.results.best.words:
            self._drop_interim()
        else:
            self._interim = rest

    def overdue(self, now: float) -> Heard | None:
        """The deadline has passed. None: send Finalize. Otherwise the interim as final, since its own is not coming."""
        if not self._finalize_asked:
            self._finalize_asked = True
            self.deadline = now + FINALIZE_SECONDS
            return None
        return self._promote()

    def lose_session(self, kept_from: float) -> tuple[float, Heard | None]:
        """The session is gone, and audio is kept from `kept_from` on (seconds of the call).

        Gives the time from which on the next session shall hear it all again, and what must be delivered since its
        audio is no longer there to be heard again.
        """
        promoted = self._promote() if self._pending_start < kept_from - TOLERANCE_SECONDS else None
        self._finalize_asked = False
        self.deadline = math.inf
        return max(self.covered, kept_from, self._delivered), promoted

    def end(self) -> Heard | None:
        """The call is over: the last interim is all that will be known of its last words."""
        return self._promote()

    @property
    def _pending_start(self) -> float:
        """When the interim's first word was said; `math.inf` where there is no interim."""
        results = self._interim.results if self._interim else None
        if results is None:
            return math.inf
        return results.best.words[0].start if results.best.words else results.start

    def _promote(self, *, before: float = math.inf) -> Heard | None:
        """Delivers the interim's words whose middle lies before that time, and forgets the others."""
        interim = self._interim and without_words_from(self._interim, before)
        if interim is None or self._pending_start >= before:
            return None
        self._drop_interim()
        results = interim.results
        assert results is not None
        # a session may give no words: then the span that the interim covers is what has been delivered
        end = results.best.words[-1].end if results.best.words else results.end
        self._delivered = min(end, before)
        return edited(interim, lambda fields: fields.update(is_final=True, speech_final=True))

    def _drop_interim(self) -> None:
        self._interim = None
        self._finalize_asked = False
        self.deadline = math.inf


def without_words_from(heard: Heard, time: float) -> Heard | None:
    """Results with only the words whose middle is before `time`; None where there were words and all are gone."""
    results = heard.results
    if results is None or not results.best.words:
        return heard
    kept = [word for word in results.best.words if _middle(word) < time]
    if len(kept) == len(results.best.words):
        return heard
    return edited(heard, lambda fields: _keep_words(fields, kept, 0, kept[-1].end)) if kept else None


def without_words_before(heard: Heard, time: float) -> Heard | None:
    """Results with only the words whose middle is not before `time`; None where there were words and all are gone."""
    results = heard.results
    if results is None or not results.best.words:
        return heard
    kept = [index for index, word in enumerate(results.best.words) if _middle(word) >= time]
    if len(kept) == len(results.best.words):
        return heard
    return without_first_words(heard, kept[0]) if kept else None


def without_first_words(heard: Heard, count: int) -> Heard | None:
    """Results whose transcript and words begin behind the first `count` words; None where no word is left."""
    results = heard.results
    if results is None or count <= 0:
        return heard
    words = results.best.words[count:]
    if not words:
        return None
    return edited(heard, lambda fields: _keep_words(fields, words, count, results.end))


def _with_first_words(heard: Heard, count: int) -> Heard | None:
    """Results that end behind the first `count` words, in the midst of the utterance; None for no word."""
    results = heard.results
    if results is None or count <= 0:
        return None
    words = results.best.words[:count]

    def edit(fields: dict[str, Any]) -> None:
        _keep_words(fields, words, 0, words[-1].end)
        fields["speech_final"] = False

    return edited(heard, edit)


def _keep_words(fields: dict[str, Any], words: list[Word], skipped: int, end: float) -> None:
    """`words` are those behind the first `skipped`."""
    if skipped:
        fields["start"] = words[0].start
    fields["duration"] = round(end - fields["start"], 6)
    alternative = fields["channel"]["alternatives"][0]
    alternative["transcript"] = " ".join(word.text for word in words)
    alternative["words"] = alternative["words"][skipped : skipped + len(words)]
    # the others repeat the words that were cut
    del fields["channel"]["alternatives"][1:]
