"""`/v2/listen`, as a connection sees it."""

from __future__ import annotations

from collections.abc import Sequence

from phonegame.local.speech.flux import messages
from phonegame.local.speech.flux.control import parse_control
from phonegame.local.speech.flux.query import FluxOptions, Thresholds, check_keyterms
from phonegame.local.speech.flux.turns import Turn, Turns
from phonegame.local.speech.heard import Heard
from phonegame.local.speech.intake import BadText, Close, Configure, Received
from phonegame.local.speech.messages import JSON, Word
from phonegame.local.speech.numerals import with_numerals, with_punctuation
from phonegame.local.speech.parameters import BadParameterError


class ApiFlux:
    """`verbatim`: words go out as the recogniser gave them. `word_times`: whether words have their times."""

    def __init__(
        self, options: FluxOptions, request_id: str, turns: Turns, *, verbatim: bool, word_times: bool = True
    ) -> None:
        self._options = options
        self._request_id = request_id
        self._turns = turns
        self._verbatim = verbatim
        self._word_times = word_times
        self._numerals = options.numerals
        self._keyterms = options.keyterms
        self._sequence_id = -1

    def parse(self, text: str) -> Received:
        return parse_control(text)

    def hello(self) -> list[JSON]:
        return [self._stamped({"type": "Connected"})]

    def refuse_text(self, bad: BadText) -> tuple[list[JSON], Close]:
        error: JSON = {"type": "Error", "code": "UNPARSABLE_CLIENT_MESSAGE", "description": bad.description}
        return [self._stamped(error)], Close(1008, "UNPARSABLE_CLIENT_MESSAGE")

    def advance(self, heard: Sequence[Heard], until: float) -> list[JSON]:
        return [self._turn(turn) for turn in self._turns.advance(heard, until)]

    def finalize(self, heard: Sequence[Heard], until: float) -> list[JSON]:
        raise AssertionError("no message of /v2/listen asks for it")

    def force_end(self, until: float) -> list[JSON]:
        ended = [self._turn(turn) for turn in self._turns.force_end(until)]
        warning: JSON = {
            "type": "Warning",
            "code": "FORCE_END_TURN_NO_ACTIVE_TURN",
            "description": "There is no turn that could be ended.",
        }
        return ended or [self._stamped(warning)]

    def close(self, heard: Sequence[Heard], until: float, checksum: str) -> list[JSON]:
        """Updates for what has been heard, and no EndOfTurn (docs: flux, client messages, CloseStream)."""
        turns = [*self._turns.advance(heard, until), *self._turns.last(until)]
        return [self._turn(turn) for turn in turns]

    def refuse_configure(self, code: str, description: str) -> JSON:
        return self._stamped({"type": "ConfigureFailure", "code": code, "description": description})

    def fault_of(self, configure: Configure) -> JSON | None:
        try:
            self._thresholds(configure)
            check_keyterms(configure.keyterms or ())
        except BadParameterError as error:
            return self.refuse_configure("CONFIGURE_INVALID", str(error))
        return None

    def configure(self, configure: Configure) -> JSON:
        self._turns.thresholds = rules = self._thresholds(configure)
        if configure.numerals is not None:
            self._numerals = configure.numerals
        if configure.keyterms is not None:
            self._keyterms = configure.keyterms
        return self._stamped(
            {
                "type": "ConfigureSuccess",
                "thresholds": {
                    "eot_threshold": rules.eot,
                    "eager_eot_threshold": rules.eager,
                    "eot_timeout_ms": rules.timeout_ms,
                },
                "keyterms": list(self._keyterms),
                "language_hints": list(self._options.language_hints),
                "numerals": self._numerals,
            }
        )

    def _thresholds(self, configure: Configure) -> Thresholds:
        given, rules = dict(configure.thresholds), self._turns.thresholds
        return Thresholds(
            given.get("eot_threshold", rules.eot),
            given.get("eager_eot_threshold", rules.eager),
            int(given.get("eot_timeout_ms", rules.timeout_ms)),
        )

    def _turn(self, turn: Turn) -> JSON:
        words = self._worded(turn.words, closing=turn.event in ("EagerEndOfTurn", "EndOfTurn"))
        return self._stamped(messages.turn_info(turn, words, times=self._word_times))

    def _worded(self, words: tuple[Word, ...], *, closing: bool) -> tuple[Word, ...]:
        if self._verbatim:
            return words
        return with_punctuation(with_numerals(words) if self._numerals else words, closing=closing)

    def _stamped(self, message: JSON) -> JSON:
        self._sequence_id += 1
        return {**message, "request_id": self._request_id, "sequence_id": self._sequence_id}
