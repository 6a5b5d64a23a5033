"""A stand-in for Deepgram's speaking websocket that answers at once, and knows when it was asked and when it did."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from .errors import ProtocolError
from .loop import Loop, clock
from .peers import Peer
from .spoken_texts import aura_audio
from .websocket import BINARY, TEXT, server_frame, upgrade_response

_FIRST_BYTES = 1600
_PIECE_BYTES = 4000
_OPENED = {
    "type": "Metadata",
    "request_id": "00000000-0000-4000-8000-000000000000",
    "model_name": "aura-2-thalia-en",
    "model_version": "2026-01-01.0",
    "model_uuid": "00000000-0000-4000-8000-000000000000",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """`asked`: when `Flush` came; `answered`: when the first audio was sent."""

    asked: float
    answered: float


class AuraService:
    """The answers to what was asked, by text. No two texts may be the same."""

    def __init__(self, loop: Loop) -> None:
        self.answers: dict[str, Answer] = {}
        self._loop = loop
        self._sock = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._sock.setblocking(False)
        loop.watch(self._sock, self._accept)

    @property
    def url(self) -> str:
        port = self._sock.getsockname()[1]
        return f"ws://127.0.0.1:{port}/v1/speak?model=aura-2-thalia-en&encoding=mulaw&sample_rate=8000"

    def _accept(self, _events: int) -> None:
        try:
            sock, _address = self._sock.accept()
        except OSError:
            return
        _Speaker(self._loop, sock, self.answers)


class _Speaker(Peer):
    """Deepgram's end of a connection."""

    _frame = staticmethod(server_frame)

    def __init__(self, loop: Loop, sock: socket.socket, answers: dict[str, Answer]) -> None:
        super().__init__(loop, sock)
        self._answers = answers
        self._text = ""
        self._sequence = 0

    def handshake(self, head: bytes) -> None:
        self.send(upgrade_response(head))
        self.opened = True
        self._tell(_OPENED)

    def on_frame(self, opcode: int, payload: bytes) -> None:
        asked = clock()
        message = json.loads(payload) if opcode == TEXT else {"type": "binary"}
        match message["type"]:
            case "Speak":
                self._text += message["text"]
            case "Flush":
                self._speak(asked)
            case "Clear":
                self._text = ""
                self._tell({"type": "Cleared", "sequence_id": self._sequence})
            case "Close":
                self.say_goodbye()
            case other:
                raise ProtocolError(f"the stand-in for Aura was sent a message of type {other}")

    def _speak(self, asked: float) -> None:
        text, self._text = self._text, ""
        audio = aura_audio(text)
        self.send(server_frame(BINARY, audio[:_FIRST_BYTES]))
        self._answers[text] = Answer(asked, clock())
        rest = range(_FIRST_BYTES, len(audio), _PIECE_BYTES)
        self.send(b"".join(server_frame(BINARY, audio[at : at + _PIECE_BYTES]) for at in rest))
        self._tell({"type": "Flushed", "sequence_id": self._sequence})
        self._sequence += 1

    def _tell(self, message: Mapping[str, object]) -> None:
        self.send(server_frame(TEXT, json.dumps(message).encode()))
