"""The words that a call's game expects to hear: how Deepgram is told, and what is done where it does not take them.

    wish --too long, or a model without keyterms--> refused; the words before stay
      |
      v
    Configure --ConfigureSuccess--> known to the session
      |  \
      |   --over the limit after all--> refused; the words before stay
      v
    refused for another reason, unanswered, or a host that cannot --> a session that has the words in its URL
                                                                        |
                                          refused with 400 <------------+----> known to the session
                                                 |
                                      refused; a session without the words

A wish that comes while a `Configure` is unanswered waits for the answer: Deepgram takes one at a time. Of several
that wait only the newest counts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence

import structlog
import trio

from phonegame.deepgram.failures import BAD_QUERY, DeepgramFailure
from phonegame.deepgram.messages import ConfigureFailure, ConfigureSuccess, configure
from phonegame.listen.keyterms import KeytermUrl, clean

MOST_WORDS = 100
"""Deepgram takes no more keyterms."""
SHOWN_WORDS = 20
ANSWER_SECONDS = 3
"""Deepgram answers each `Configure` once, within a fraction of this; what is no Deepgram may not answer at all."""
LIMIT_EXCEEDED = "CONFIGURE_KEYTERM_LIMIT_EXCEEDED"
NOT_SUPPORTED = "CONFIGURE_KEYTERMS_NOT_SUPPORTED"

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Vocabulary:
    """`refused` is called with a sentence for the game, wherever its words are not taken."""

    def __init__(self, url: str, refused: Callable[[str], object]) -> None:
        self._url = KeytermUrl(url)
        self._refused = refused
        self._takes_configure = self._url.takes_configure
        self._left_out: Sequence[str] = ()
        """Of which it has been told."""
        self._wanted: tuple[str, ...] = ()
        self._known: tuple[str, ...] = ()  # to the session that is open, or is being opened
        self._wished = trio.Event()
        self._answer: ConfigureSuccess | ConfigureFailure | None = None
        self._answered = trio.Event()

    def expect_nowait(self, words: Iterable[str], more: Iterable[str] = (), named: Iterable[str] = ()) -> None:
        """In the place of the words before, with `more` while they fit; the URL's own keyterms stay in any case.

        Which of `named` do not fit, whatever their case, is told once.
        """
        wanted = self._url.besides_own(words)
        rest = [term for term in self._url.besides_own(more) if term not in wanted]
        taken = self._url.fitting(wanted, rest[: max(MOST_WORDS - len(wanted), 0)]) if self._url.takes_keyterms else ()
        self._tell_left_out([term for term in rest if term not in taken], clean(named))
        if self._url.takes_keyterms:
            wanted = tuple(taken)
        if wanted and not self._url.takes_keyterms:
            self._refuse("the model in DEEPGRAM_URL takes no vocabulary; nova-3 does")
        elif wanted and (excess := self._url.excess(wanted)):
            self._refuse(
                f"the vocabulary is too long: {excess}; send fewer or shorter words. The words before stay in use"
            )
        else:
            self._wanted = wanted
            self._wished.set()

    def _tell_left_out(self, left_out: Sequence[str], named: Sequence[str]) -> None:
        folded = {term.casefold() for term in left_out}
        told = [term for term in named if term.casefold() in folded]
        if told and told != self._left_out:
            why = "they do not fit" if self._url.takes_keyterms else "the model in DEEPGRAM_URL takes none"
            shown = ", ".join(told[:SHOWN_WORDS]) + (", ..." if len(told) > SHOWN_WORDS else "")
            self._refuse(f"Deepgram is not told {len(told)} words of the character's vocabulary, since {why}: {shown}")
        self._left_out = told

    def begin_session(self) -> str:
        """The URL of the next session, which has all words in it."""
        self._known = self._wanted
        return self._url.with_keyterms(self._known)

    def is_to_blame(self, failure: DeepgramFailure) -> bool:
        """Whether the session was refused for its words. Then they are forgotten, and another one should be tried."""
        if failure.status != BAD_QUERY or not self._known:
            return False
        self._give_up(self._known, ())
        self._refuse(f"Deepgram does not take these words ({failure.details}); it listens without any")
        return True

    async def keep_session(self, send_text: Callable[[str], Awaitable[None]]) -> None:
        """Tells the session whatever is wished. Returns when that takes another session."""
        while True:
            await self._wait_for_wish()
            if not self._takes_configure or not await self._configure(send_text):
                return

    async def _wait_for_wish(self) -> None:
        await trio.lowlevel.checkpoint()
        while self._wanted == self._known:
            self._wished = trio.Event()
            await self._wished.wait()

    async def _configure(self, send_text: Callable[[str], Awaitable[None]]) -> bool:
        """False: it takes another session."""
        wanted, self._answer, self._answered = self._wanted, None, trio.Event()
        await send_text(configure((*self._url.own, *wanted)))
        match await self._wait_for_answer():
            case ConfigureSuccess():
                self._known = wanted
                return True
            case ConfigureFailure(code=code) if code == LIMIT_EXCEEDED:
                # a session with them in its URL would be refused as well
                self._give_up(wanted, self._known)
                self._refuse(f"the vocabulary is too long for Deepgram ({code}). The words before stay in use")
                return True
            case ConfigureFailure(code=code):
                self._takes_configure = code != NOT_SUPPORTED
            case None:
                self._takes_configure = False
        return False

    async def _wait_for_answer(self) -> ConfigureSuccess | ConfigureFailure | None:
        with trio.move_on_after(ANSWER_SECONDS):
            await self._answered.wait()
        return self._answer

    def answer(self, message: ConfigureSuccess | ConfigureFailure) -> None:
        self._answer = message
        self._answered.set()

    def _give_up(self, words: tuple[str, ...], instead: tuple[str, ...]) -> None:
        if self._wanted == words:  # otherwise there is a newer wish
            self._wanted = instead

    def _refuse(self, why: str) -> None:
        log.warning("vocabulary refused", why=why)
        self._refused(why)
