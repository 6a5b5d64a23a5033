"""Server-sent events, from bytes to the data of each event. Source: WHATWG HTML, "Server-sent events".

The libraries have decoders of their own, as chains of async generators that trio must clean up after each reply.
"""

from __future__ import annotations

import re

MAX_EVENT_BYTES = 1024 * 1024
"""A piece of a reply has some hundred."""


class EventDecoder:
    def __init__(self) -> None:
        self._rest = b""
        self._data: list[str] = []

    def receive(self, chunk: bytes) -> list[str]:
        """The data of the events that end in `chunk`. ValueError: this is no stream of events."""
        # a line break of two bytes may come in two chunks
        *lines, self._rest = re.split(rb"\r\n|\n|\r(?=[^\n])", self._rest + chunk)
        if len(self._rest) > MAX_EVENT_BYTES or sum(map(len, self._data)) > MAX_EVENT_BYTES:
            raise ValueError("an event is too long")
        events = []
        for line in lines:
            name, _, value = line.partition(b":")
            if name == b"data":
                self._data.append(value.removeprefix(b" ").decode())
            elif not line and self._data:
                events.append("\n".join(self._data))
                self._data = []
        return events
