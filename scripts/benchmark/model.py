"""A stand-in for a model behind OpenAI's protocol, in the generator's loop: it knows when it was asked, and answered.

Messages and checks are those of `phonegame model`; only the socket is the benchmark's own.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from phonegame.characters.phrases import Phrases
from phonegame.local.model.config import ModelConfig
from phonegame.local.model.openai_wire import OpenAIReply
from phonegame.local.model.refused import Refused
from phonegame.local.model.script import Answer, tokens_of

from .errors import ProtocolError
from .loop import Loop, clock
from .peers import Peer
from .talk_texts import answer_to
from .timers import Timers

TOKEN_SECONDS = 0.02
"""Between two tokens: a quick model."""
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"
_CONFIG = ModelConfig()


@dataclass(slots=True)
class Asked:
    """One request. `asked`: when all of it had come; `phrased`: just before what completes a phrase was sent."""

    messages: list[dict[str, object]]
    asked: float
    waited_then: float = 0.0
    """How long, at least, the server had stood in line for its core when it had asked."""
    phrased: float | None = None
    waited_at_phrase: float = 0.0
    is_whole: bool = False

    @property
    def said(self) -> str:
        return str(self.messages[-1]["content"]).rpartition("\n")[2]


@dataclass(slots=True)
class ModelService:
    """What was asked, by what was said. No caller says the same twice."""

    loop: Loop
    timers: Timers
    asked: dict[str, list[Asked]] = field(default_factory=dict)
    core_wait: Callable[[], float] = lambda: 0.0
    fault: Callable[[str], None] = lambda what: None
    _sock: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self._sock = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._sock.setblocking(False)
        self.loop.watch(self._sock, self._accept)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._sock.getsockname()[1]}/v1"

    def _accept(self, _events: int) -> None:
        try:
            sock, _address = self._sock.accept()
        except OSError:
            return
        _Connection(self.loop, sock, self)


class _Connection(Peer):
    """The model's end of a connection: one request after the other."""

    _notes_arrivals = True

    def __init__(self, loop: Loop, sock: socket.socket, service: ModelService) -> None:
        super().__init__(loop, sock)
        self._service = service
        self._number = 0

    def _take(self, data: bytes) -> None:
        head, found, body = data.partition(b"\r\n\r\n")
        length = _content_length(head)
        if not found or len(body) < length:
            self._unread = data
            return
        self._unread = body[length:]
        if not head.startswith(b"POST /v1/chat/completions "):
            raise ProtocolError(f"the model was sent {head[:60]!r}")
        self._answer(body[:length])

    def _answer(self, body: bytes) -> None:
        late = clock() - self.arrived_at
        waited = self._service.core_wait() - late
        content = json.loads(body)
        asked = Asked(content["messages"], self.arrived_at, waited)
        self._service.asked.setdefault(asked.said, []).append(asked)
        self._number += 1
        reply = OpenAIReply(self._number, content)
        try:
            reply.check(_CONFIG)
            answer = Answer(text=answer_to(asked.said))
        except (Refused, KeyError) as error:
            self._service.fault(f"the model was asked: {error}")
            self.end()
            return
        self.send(_HEAD + _chunks(reply.opening()))
        self._say(reply, answer, asked)

    def _say(self, reply: OpenAIReply, answer: Answer, asked: Asked) -> None:
        tokens = tokens_of(answer, asked.said)
        phrases = Phrases()

        def say(at: int) -> None:
            if self.ended:
                return
            if at == len(tokens):
                # a single sentence is known to have ended only then
                self._note_phrase(asked)
                self.send(_chunks(reply.closing(answer, len(tokens))) + b"0\r\n\r\n")
                asked.is_whole = True
                return
            token = str(tokens[at])
            if phrases.feed(token):
                self._note_phrase(asked)
            self.send(_chunks(reply.token(token)))
            self._service.timers.at(clock() + TOKEN_SECONDS, lambda: say(at + 1))

        say(0)

    def _note_phrase(self, asked: Asked) -> None:
        if asked.phrased is None:
            asked.phrased, asked.waited_at_phrase = clock(), self._service.core_wait()


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _chunks(events: Iterator[str]) -> bytes:
    return b"".join(f"{len(event.encode()):x}\r\n{event}\r\n".encode() for event in events)
