"""All ends of a call on non-blocking sockets: telephone company, game, and the stand-in for Deepgram."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable

from . import arrivals, traffic
from .loop import Loop
from .websocket import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    client_frame,
    server_frame,
    split_frames,
    upgrade_request,
    upgrade_response,
)

Address = tuple[str, int]

_RECEIVE_BYTES = 1 << 16
_NORMAL_CLOSE = (1000).to_bytes(2, "big")


class Peer:
    """One end of a websocket. Subclasses say what frames mean."""

    _frame: Callable[[int, bytes], bytes]
    _notes_arrivals = False
    arrived_at = 0.0
    """When the last bytes that were read had come, if that is noted."""

    def __init__(self, loop: Loop, sock: socket.socket) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._notes_arrivals:
            arrivals.stamp(sock)
        self.opened = False
        self.ended = False
        self.close_code: int | None = None
        self._goodbye_said = False
        self._sock = sock
        self._loop = loop
        self._unsent = b""
        self._unread = b""
        loop.watch(sock, self._ready)

    def send(self, data: bytes) -> None:
        """Sends whole frames. What the other end has no room for waits here, without a bound."""
        if self.ended:
            return
        if self._unsent:
            self._unsent += data
            return
        sent = self._send_some(data)
        if sent < len(data) and not self.ended:
            self._unsent = data[sent:]
            self._loop.want_write(self._sock, self._ready, True)

    def say_goodbye(self) -> None:
        """Sends a close frame, once. The socket stays until the other end has answered."""
        if not self._goodbye_said:
            self._goodbye_said = True
            self.send(self._frame(CLOSE, _NORMAL_CLOSE))

    def leave(self) -> None:
        """Says goodbye and closes the socket at once, as a program that quits does."""
        self.say_goodbye()
        self.end()

    def end(self) -> None:
        """Closes the socket. May be called at any time, and repeatedly."""
        if not self.ended:
            self.ended = True
            self._loop.unwatch(self._sock)
            self._sock.close()
            self.on_end()

    def on_open(self) -> None:
        """The websocket is there."""

    def on_frame(self, opcode: int, payload: bytes) -> None:
        """A text or binary frame has come."""

    def on_end(self) -> None:
        """The websocket is gone, whoever ended it."""

    def handshake(self, head: bytes) -> None:
        """Takes the other end's part of the opening handshake, up to its empty line."""
        raise NotImplementedError

    def _send_some(self, data: bytes) -> int:
        try:
            return self._sock.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self.end()
            return 0

    def _ready(self, events: int) -> None:
        if events & selectors.EVENT_WRITE and self._unsent:
            self._unsent = self._unsent[self._send_some(self._unsent) :]
            if not self._unsent and not self.ended:
                self._loop.want_write(self._sock, self._ready, False)
        if events & selectors.EVENT_READ and not self.ended:
            self._read()

    def _read(self) -> None:
        try:
            if self._notes_arrivals:
                data, self.arrived_at = arrivals.receive(self._sock, _RECEIVE_BYTES)
            else:
                data = self._sock.recv(_RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.end()
            return
        self._take(self._unread + data if self._unread else data)

    def _take(self, data: bytes) -> None:
        """All that has come and has not been understood yet; the rest is kept in `_unread`."""
        if not self.opened:
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self._unread = head
                return
            self.handshake(head)
        frames, self._unread = split_frames(data)
        for opcode, payload in frames:
            if opcode in (TEXT, BINARY):
                self.on_frame(opcode, payload)
            else:
                self._control(opcode, payload)

    def _control(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self.send(self._frame(PONG, payload))
        elif opcode == CLOSE and not self.ended:
            self.close_code = int.from_bytes(payload[:2], "big")
            self.leave()


class Client(Peer):
    """Opens a websocket to the server under test. Refused, it is `ended` and never was `opened`."""

    _frame = staticmethod(client_frame)
    subprotocol: str | None = None

    def __init__(self, loop: Loop, server: Address, path: str, user_agent: str) -> None:
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex(server)
        super().__init__(loop, sock)
        self._unsent = upgrade_request(f"{server[0]}:{server[1]}", path, user_agent, self.subprotocol)
        loop.want_write(sock, self._ready, True)

    def handshake(self, head: bytes) -> None:
        if not head.startswith(b"HTTP/1.1 101 "):
            self.end()
            return
        self.opened = True
        self.on_open()


class Caller(Client):
    """A media stream: says `connected` and `start` as soon as it may."""

    def __init__(self, loop: Loop, server: Address, opening: bytes) -> None:
        super().__init__(loop, server, "/twilio", "Twilio.TmeWs/1.0")
        self._opening = opening

    def on_open(self) -> None:
        self.send(self._opening)

    def hang_up(self, stop: bytes) -> None:
        """`stop`, and the close right behind it."""
        self.send(stop)
        self.say_goodbye()


class Game(Client):
    """A game: learns its code, then receives what callers say."""

    def __init__(
        self,
        loop: Loop,
        server: Address,
        on_code: Callable[[Game], None],
        on_message: Callable[[bytes], None],
        on_end: Callable[[Game], None],
    ) -> None:
        super().__init__(loop, server, "/game", "phonegame-bench")
        self.code = ""
        self._greetings = 0
        self._on_code = on_code
        self._on_message = on_message
        self._on_game_end = on_end

    def on_frame(self, opcode: int, payload: bytes) -> None:
        self._greetings += 1
        if self._greetings == 2:  # the first message is the phone number
            self.code = payload.decode()
            self._on_code(self)
        elif self._greetings > 2:
            self._on_message(payload)

    def on_end(self) -> None:
        self._on_game_end(self)


class Listener(Peer):
    """Deepgram's end of a connection. Its first bytes of audio tell `claim` whose it is."""

    _frame = staticmethod(server_frame)

    def __init__(self, loop: Loop, sock: socket.socket, claim: Claim) -> None:
        super().__init__(loop, sock)
        self._claim = claim
        self._before_claim = b""
        self._on_audio: Callable[[bytes], None] | None = None
        self._on_told: Callable[[], None] | None = None

    def handshake(self, head: bytes) -> None:
        self.send(upgrade_response(head))
        self.opened = True

    def claimed(self, on_audio: Callable[[bytes], None], on_told: Callable[[], None]) -> None:
        """Audio goes to `on_audio` ; `on_told` is called once, when the call is known to be over."""
        self._on_audio, self._on_told = on_audio, on_told

    def on_frame(self, opcode: int, payload: bytes) -> None:
        if opcode == BINARY:
            if self._on_audio is None:
                payload = self._before_claim = self._before_claim + payload
                self._claim(self, payload)
            if self._on_audio is not None:
                self._on_audio(payload)
        elif b'"CloseStream"' in payload:
            self._told()
            self.send(server_frame(TEXT, traffic.METADATA))
            self.say_goodbye()

    def on_end(self) -> None:
        self._told()

    def _told(self) -> None:
        if self._on_told:
            on_told, self._on_told = self._on_told, None
            on_told()


Claim = Callable[[Listener, bytes], None]


class SpeechService:
    """The stand-in for Deepgram. `claim`, set by the run, finds by its first audio whose a connection is."""

    claim: Claim

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._sock = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._sock.setblocking(False)
        loop.watch(self._sock, self._accept)

    @property
    def url(self) -> str:
        port = self._sock.getsockname()[1]
        return f"ws://127.0.0.1:{port}/v1/listen?model=nova-3&encoding=mulaw&sample_rate=8000&channels=1&interim_results=true"

    def _accept(self, _events: int) -> None:
        try:
            sock, _address = self._sock.accept()
        except OSError:
            return
        Listener(self._loop, sock, self.claim)
