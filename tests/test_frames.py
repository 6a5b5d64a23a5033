from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, TextMessage

from phonegame.frames import MAX_FRAME_BYTES, TextFrames, binary_frame

# a message in fragments is sent as several events of which only the last is finished
messages = st.one_of(
    st.text(max_size=300).map(lambda text: [TextMessage(data=text)]),
    st.integers(65_000, 70_000).map(lambda length: [TextMessage(data="x" * length)]),
    st.binary(max_size=70_000).map(lambda data: [BytesMessage(data=data)]),
    st.binary(max_size=100).map(lambda data: [Ping(payload=data)]),
    st.lists(st.text(max_size=50), min_size=2, max_size=4).map(
        lambda parts: [
            *(TextMessage(data=part, message_finished=False) for part in parts[:-1]),
            TextMessage(data=parts[-1]),
        ]
    ),
)


def whole_messages(events: list[Event]) -> list[object]:
    """What an application sees: messages put together, and the rest as it is."""
    seen: list[object] = []
    parts: list[str | bytes] = []
    for event in events:
        if not isinstance(event, TextMessage | BytesMessage):
            seen.append((type(event), bytes(event.payload) if isinstance(event, Ping) else None))
            continue
        parts.append(event.data if isinstance(event.data, str) else bytes(event.data))
        if event.message_finished:
            seen.append("".join(parts) if isinstance(parts[0], str) else b"".join(parts))  # type: ignore[arg-type]
            parts = []
    return seen


def by_wsproto(data: bytes) -> list[object]:
    server = Connection(ConnectionType.SERVER)
    server.receive_data(data)
    return whole_messages(list(server.events()))


def by_text_frames(chunks: list[bytes]) -> list[object]:
    """As the server does it: what is no text goes through wsproto."""
    frames, server, events = TextFrames(), Connection(ConnectionType.SERVER), list[Event]()
    for chunk in chunks:
        for piece in frames.receive(chunk):
            if isinstance(piece, str):
                events.append(TextMessage(data=piece))
            else:
                server.receive_data(piece)
                events += server.events()
    return whole_messages(events)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[begin:end] for begin, end in pairwise(edges)]


@given(st.lists(messages, max_size=6), st.lists(st.integers(0, 100_000), max_size=12))
def test_the_same_messages_are_read_as_by_wsproto_however_they_are_cut(
    sent: list[list[Event]], places: list[int]
) -> None:
    client = Connection(ConnectionType.CLIENT)
    data = b"".join(client.send(event) for message in sent for event in message)
    assert by_text_frames(cut(data, places)) == by_wsproto(data) == whole_messages([e for m in sent for e in m])


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=4))
def test_nonsense_never_raises_and_keeps_no_more_than_a_frame(data: bytes, places: list[int]) -> None:
    frames = TextFrames()
    for chunk in cut(data, places):
        frames.receive(chunk)


def test_one_byte_at_a_time() -> None:
    client = Connection(ConnectionType.CLIENT)
    data = client.send(TextMessage(data="x" * 300)) + client.send(TextMessage(data="y"))
    assert by_text_frames([bytes([byte]) for byte in data]) == ["x" * 300, "y"]


def test_text_that_is_not_utf_8_is_left_to_wsproto_which_closes() -> None:
    client = Connection(ConnectionType.CLIENT)
    frame = bytearray(client.send(BytesMessage(data=b"\xff\xfe")))
    frame[0] = 0x81
    assert by_text_frames([bytes(frame)]) == [(CloseConnection, None)]


def test_an_unmasked_frame_is_left_to_wsproto_which_closes() -> None:
    assert by_text_frames([b"\x81\x02hi"]) == [(CloseConnection, None)]


def test_a_frame_that_is_too_long_is_not_collected() -> None:
    header = b"\x81\xff" + (MAX_FRAME_BYTES + 1).to_bytes(8, "big") + b"keys"
    frames = TextFrames()
    assert frames.receive(header + b"x" * 100) == [header + b"x" * 100]
    assert frames.receive(b"y" * 10) == [b"y" * 10]


@given(st.binary(max_size=65_535))
def test_a_binary_frame_is_what_wsproto_would_write_but_for_its_random_key(payload: bytes) -> None:
    server = Connection(ConnectionType.SERVER)
    server.receive_data(binary_frame(payload))
    (event,) = server.events()
    assert isinstance(event, BytesMessage)
    assert (bytes(event.data), event.message_finished) == (payload, True)


def test_keys_differ_from_frame_to_frame() -> None:
    assert len({binary_frame(b"") for _ in range(50)}) > 40
