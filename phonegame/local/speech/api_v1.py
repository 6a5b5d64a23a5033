"""`/v1/listen`."""

from __future__ import annotations

from collections.abc import Sequence

from phonegame.local.speech import messages
from phonegame.local.speech.heard import Heard
from phonegame.local.speech.intake import BadText, Close, Configure, Received, parse_control
from phonegame.local.speech.messages import JSON
from phonegame.local.speech.query import KEYTERM_TOKENS, ListenOptions, count_tokens
from phonegame.local.speech.transcriber import Transcriber


class ApiV1:
    def __init__(self, options: ListenOptions, request_id: str, transcriber: Transcriber) -> None:
        self._options = options
        self._request_id = request_id
        self._transcriber = transcriber

    def parse(self, text: str) -> Received:
        return parse_control(text)

    def hello(self) -> list[JSON]:
        return []

    def refuse_text(self, bad: BadText) -> tuple[list[JSON], Close]:
        close = Close(1008, f"DATA-0000: {bad.description}"[:120])
        return [messages.schema_error(bad.received, bad.description)], close

    def advance(self, heard: Sequence[Heard], until: float) -> list[JSON]:
        return self._transcriber.advance(heard, until)

    def finalize(self, heard: Sequence[Heard], until: float) -> list[JSON]:
        return self._transcriber.finalize(heard, until)

    def force_end(self, until: float) -> list[JSON]:
        raise AssertionError("no message of /v1/listen asks for it")

    def close(self, heard: Sequence[Heard], until: float, checksum: str) -> list[JSON]:
        last = messages.metadata(self._request_id, checksum, until, self._options.channels)
        return [*self._transcriber.advance(heard, until), last]

    def refuse_configure(self, code: str, description: str) -> JSON:
        return messages.configure_failure(self._request_id, code, description)

    def fault_of(self, configure: Configure) -> JSON | None:
        if configure.keyterms is None:
            return None
        if not self._options.takes_keyterms:
            return self.refuse_configure("CONFIGURE_KEYTERMS_NOT_SUPPORTED", "Keyterms need a nova-3 model.")
        if count_tokens(configure.keyterms) > KEYTERM_TOKENS:
            return self.refuse_configure("CONFIGURE_KEYTERM_LIMIT_EXCEEDED", f"At most {KEYTERM_TOKENS} tokens.")
        return None

    def configure(self, configure: Configure) -> JSON:
        if configure.numerals is not None:
            self._transcriber.numerals = configure.numerals
        return messages.configure_success(self._request_id, configure.keyterms)
