"""What a caller has said, pieced together from Deepgram's sessions on the call's own time. No I/O in here.

Deepgram's times count from the start of a session, and a call may need several. Each message leaves here with the
call's times, and unchanged where these are the session's. Words are delivered once: what has been delivered (or was
given up) ends at `_delivered`, and a word whose middle lies before that is left out of whatever comes later.

An interim result is a promise that Deepgram does not always keep. Where its final does not come:

    interim with text --no change for `final_seconds`--> ask for it (Finalize) --`FINALIZE_SECONDS`--> deliver as final
                      --the session is lost, its audio too old to be sent again----------------------> deliver as final
                      --the call has ended-----------------------------------------------------------> deliver as final

A final that covers the interim and has no text withdraws it (noise, mostly); one that covers a part leaves the rest
waiting.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import msgspec

from phonegame.deepgram.messages import Message, Results, Word, parse

FINALIZE_SECONDS = 1.0
"""No answer to Finalize is promised: Deepgram's documentation says "usually"."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One message from Deepgram on the call's time: as text for a game, and as a type for phonegame."""

    raw: str
    message: Message

    @property
    def results(self) -> Results | None:
        return self.message if isinstance(self.message, Results) else None

    @property
    def is_interim(self) -> bool:
        return isinstance(self.message, Results) and not self.message.is_final


def _middle(word: Word) -> float:
    return (word.start + word.end) / 2


class Transcript:
    """`receive` takes Deepgram's messages, `deadline` tells when to call `overdue`."""

    def __init__(self, final_seconds: float) -> None:
        self._final_seconds = final_seconds
        self._offset = 0.0
        self._delivered = -math.inf
        self._interim: Heard | None = None
        self._finalize_asked = False
        self.deadline = math.inf
        """On the caller's clock; `math.inf` while nothing is owed."""
        self.covered = 0.0
        """Seconds of the call up to which Deepgram's results are final."""
        self.malformed = 0
        """Messages that were none."""

    def begin_session(self, offset: float) -> None:
        """A session begins whose first byte of audio is `offset` seconds into the call."""
        self._offset = offset

    def receive(self, raw: str, now: float) -> Heard | None:
        """The message as it goes on to the call; None where nothing is left of it."""
        message = parse(raw)
        if message is None:
            self.malformed += 1
            return None
        heard = Heard(raw, message)
        if self._offset:
            heard = edited(heard, lambda fields: _shift(fields, self._offset))
        if heard.results is None:
            return heard
        return self._receive_results(heard, heard.results, now)

    def _receive_results(self, heard: Heard, results: Results, now: float) -> Heard | None:
        kept = without_words_before(heard, self._delivered)
        if results.is_final:
            self.covered = max(self.covered, results.end)
            self._settle_interim(results)
        elif kept is not None and kept.results is not None and kept.results.best.transcript:
            self._wait_for_final(kept, kept.results, now)
        return kept

    def _wait_for_final(self, heard: Heard, results: Results, now: float) -> None:
        before = self._interim.results if self._interim else None
        if before is None or before.best.transcript != results.best.transcript:
            self.deadline = now + self._final_seconds
            self._finalize_asked = False
        self._interim = heard

    def _settle_interim(self, final: Results) -> None:
        if self._interim is None or self._interim.results is None:
            return
        if not final.best.words and final.start > self._interim.results.best.words[0].start:
            return
        rest = without_words_before(self._interim, final.end)
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
        words = self._pending_words()
        promoted = self._promote() if words and words[0].start < kept_from else None
        self._drop_interim()
        return max(self.covered, kept_from, self._delivered), promoted

    def end(self) -> Heard | None:
        """The call is over: the last interim is all that will be known of its last words."""
        return self._promote()

    def _pending_words(self) -> list[Word]:
        results = self._interim.results if self._interim else None
        return results.best.words if results else []

    def _promote(self) -> Heard | None:
        interim, words = self._interim, self._pending_words()
        self._drop_interim()
        if interim is None:
            return None
        results = interim.results
        assert results is not None
        # a session may give no words: then the span that the interim covers is what has been delivered
        self._delivered = words[-1].end if words else results.end
        return edited(interim, lambda fields: fields.update(is_final=True, speech_final=True))

    def _drop_interim(self) -> None:
        self._interim = None
        self._finalize_asked = False
        self.deadline = math.inf


def edited(heard: Heard, edit: Any) -> Heard:
    """`heard` with its JSON changed by `edit`, which gets the object as a dictionary; other fields stay as they are."""
    fields = msgspec.json.decode(heard.raw)
    edit(fields)
    raw = msgspec.json.encode(fields).decode()
    message = parse(raw)
    assert message is not None, "an edit must leave a message of the same type"
    return Heard(raw, message)


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
    return edited(heard, lambda fields: _keep_words(fields, words, count))


def _keep_words(fields: dict[str, Any], words: list[Word], skipped: int) -> None:
    end = fields["start"] + fields["duration"]
    fields["start"] = words[0].start
    fields["duration"] = round(end - words[0].start, 6)
    alternative = fields["channel"]["alternatives"][0]
    alternative["transcript"] = " ".join(word.text for word in words)
    alternative["words"] = alternative["words"][skipped:]
    # the others repeat the words that were cut
    del fields["channel"]["alternatives"][1:]


def _shift(fields: dict[str, Any], offset: float) -> None:
    for name in ("start", "timestamp"):
        if isinstance(fields.get(name), int | float):
            fields[name] = round(fields[name] + offset, 6)
    if fields.get("last_word_end", -1) >= 0:
        fields["last_word_end"] = round(fields["last_word_end"] + offset, 6)
    channel = fields.get("channel")
    if isinstance(channel, dict):
        for alternative in channel.get("alternatives", []):
            for word in alternative.get("words", []):
                word["start"] = round(word["start"] + offset, 6)
                word["end"] = round(word["end"] + offset, 6)
