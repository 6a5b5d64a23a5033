"""The two websocket frames that fifty times a second and call go through: text from Twilio, binary to Deepgram.

wsproto takes 12 us to read the one and 5 us to write the other, a fifth of what a frame costs in all. What is not such
a frame, and complete, is left to wsproto. Source: RFC 6455, section 5.2. No I/O in here.
"""

from __future__ import annotations

import os

_FIN_TEXT = 0x81
_FIN_BINARY = 0x82
_MASKED = 0x80
_MASK_BYTES = 4
_BYTES_2 = 126
_BYTES_8 = 127
_CONTROL = 0x08
_FIN = 0x80
MAX_FRAME_BYTES = 64 * 1024
"""Longer frames are not put together here: none of Twilio's is."""


def _mask(payload: bytes, key: bytes) -> bytes:
    """XOR with the key repeated: as two big numbers, which is the fastest way that Python has."""
    length = len(payload)
    keys = (key * (length // _MASK_BYTES + 1))[:length]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(keys, "little")).to_bytes(length, "little")


def binary_frame(payload: bytes) -> bytes:
    """A complete message from a client to a server, masked with a random key. At most 64 KiB - 1."""
    length = len(payload)
    key = os.urandom(_MASK_BYTES)
    if length < _BYTES_2:
        return bytes((_FIN_BINARY, _MASKED | length)) + key + _mask(payload, key)
    return bytes((_FIN_BINARY, _MASKED | _BYTES_2)) + length.to_bytes(2, "big") + key + _mask(payload, key)


class TextFrames:
    """Cuts what a client sends into frames: texts that are complete messages, and whole other frames as they came.

    The others, fragments of a message among them, are for wsproto, which thus always gets frames from begin to end.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._in_message = False
        self._passing_on = 0

    def receive(self, data: bytes) -> list[str | bytes]:
        """Texts as `str`, other frames as `bytes`, in order. A frame over `MAX_FRAME_BYTES` comes piece by piece."""
        if self._rest:
            data = self._rest + data
        pieces: list[str | bytes] = []
        begin, end = min(self._passing_on, len(data)), len(data)
        if begin:
            self._passing_on -= begin
            pieces.append(data[:begin])
        while end - begin >= 2:
            payload, frame_end = _extent(data, begin)
            if frame_end - payload > MAX_FRAME_BYTES:
                self._note_fragment(data[begin])
                pieces.append(data[begin:frame_end])
                self._passing_on = max(0, frame_end - end)
                begin = min(frame_end, end)
            elif frame_end > end:
                break
            else:
                pieces.append(self._piece(data, begin, payload, frame_end))
                begin = frame_end
        self._rest = data[begin:]
        return pieces

    def _piece(self, data: bytes, begin: int, payload: int, end: int) -> str | bytes:
        first = data[begin]
        if first == _FIN_TEXT and data[begin + 1] & _MASKED and not self._in_message:
            try:
                return _mask(data[payload:end], data[payload - _MASK_BYTES : payload]).decode()
            except UnicodeDecodeError:
                return data[begin:end]
        self._note_fragment(first)
        return data[begin:end]

    def _note_fragment(self, first: int) -> None:
        if not first & _CONTROL:
            self._in_message = not first & _FIN


def _extent(data: bytes, begin: int) -> tuple[int, int]:
    """Where the payload of the frame at `begin` begins, and where it ends; beyond the data where not all has come."""
    second = data[begin + 1]
    length, payload = second & ~_MASKED, begin + 2
    if length >= _BYTES_2:
        payload += 2 if length == _BYTES_2 else 8
        length = int.from_bytes(data[begin + 2 : payload], "big") if payload <= len(data) else 0
    if second & _MASKED:
        payload += _MASK_BYTES
    return payload, payload + length
