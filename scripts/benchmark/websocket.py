"""The few parts of RFC 6455 that the benchmark speaks, as functions on bytes.

No I/O and no library: one core carries all ends of every call, and must be far from busy with it.
"""

from __future__ import annotations

import base64
import hashlib

from .errors import ProtocolError

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA

MASKING_KEY = b"\x37\xfa\x21\x3d"
"""The same for every frame, as no client on the internet may do. Not zeros: unmasking has its cost."""

_HANDSHAKE_KEY = base64.b64encode(b"sixteen byte key").decode()
_ACCEPT_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def mask(data: bytes, key: bytes = MASKING_KEY, offset: int = 0) -> bytes:
    """Masks or unmasks bytes that begin `offset` bytes into their message."""
    size = len(data)
    turn = offset % 4
    pad = ((key[turn:] + key[:turn]) * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "little") ^ int.from_bytes(pad, "little")).to_bytes(size, "little")


def _header(opcode: int, size: int, mask_bit: int) -> bytes:
    if size < 126:
        return bytes((0x80 | opcode, mask_bit | size))
    if size < 1 << 16:
        return bytes((0x80 | opcode, mask_bit | 126)) + size.to_bytes(2, "big")
    return bytes((0x80 | opcode, mask_bit | 127)) + size.to_bytes(8, "big")


def client_header(opcode: int, size: int) -> bytes:
    """What comes before a client's payload that is masked with `MASKING_KEY`."""
    return _header(opcode, size, 0x80) + MASKING_KEY


def client_frame(opcode: int, payload: bytes) -> bytes:
    return client_header(opcode, len(payload)) + mask(payload)


def server_frame(opcode: int, payload: bytes) -> bytes:
    return _header(opcode, len(payload), 0) + payload


def split_frames(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The (opcode, payload) of each whole frame in `data`, and what is left: the beginning of the next frame.

    Raises `ProtocolError` for a fragmented or compressed message: no server has a reason to send one here.
    """
    frames = []
    at, end = 0, len(data)
    while end - at >= 2:
        size = data[at + 1] & 0x7F
        start = at + 2
        if size >= 126:
            wide = 2 if size == 126 else 8
            if end < start + wide:
                break
            size = int.from_bytes(data[start : start + wide], "big")
            start += wide
        masked = data[at + 1] & 0x80
        stop = start + size + (4 if masked else 0)
        if end < stop:
            break
        if data[at] & 0xF0 != 0x80 or not data[at] & 0x0F:
            raise ProtocolError(f"a frame that is fragmented or compressed (first byte 0x{data[at]:02x})")
        payload = mask(data[start + 4 : stop], data[start : start + 4]) if masked else data[start:stop]
        frames.append((data[at] & 0x0F, payload))
        at = stop
    return frames, data[at:] if at else data


def upgrade_request(host: str, path: str, user_agent: str, subprotocol: str | None = None) -> bytes:
    """The request as Twilio writes it, which asks for no subprotocol: no origin, no extension."""
    offer = f"Sec-WebSocket-Protocol: {subprotocol}\r\n" if subprotocol else ""
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {user_agent}\r\n"
        f"Connection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Key: {_HANDSHAKE_KEY}\r\nSec-WebSocket-Version: 13\r\nAccept-Encoding: gzip\r\n{offer}\r\n"
    ).encode()


def upgrade_response(request: bytes) -> bytes:
    """The 101 to a whole request, with the key that proves that it was read."""
    for line in request.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"sec-websocket-key":
            accept = base64.b64encode(hashlib.sha1(value.strip() + _ACCEPT_GUID, usedforsecurity=False).digest())
            return (
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
            )
    raise ProtocolError("a request without Sec-WebSocket-Key where a websocket was expected")
