"""Letters between workers arrive all, once and in order, whatever happens to what carries them."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from phonegame.switchboard import ways
from phonegame.switchboard.ways import Envelope, Incoming, Outgoing


def envelope(out: Outgoing, back: Incoming | None = None) -> Envelope:
    first, pieces = out.next_batch()
    back = back or Incoming()
    return Envelope("a", out.epoch, first, pieces, back.epoch, back.number, back.misses_some)


def receive(incoming: Incoming, sent: Envelope) -> list[bytes]:
    incoming.begins_anew(sent)
    return incoming.take(sent)


@given(letters=st.lists(st.binary(min_size=1, max_size=40), max_size=40), seed=st.integers(0, 10_000))
def test_all_arrive_once_and_in_order(letters: list[bytes], seed: int) -> None:
    """On the way things are lost, doubled and come late; in the end it works for long enough."""
    random = Random(seed)
    out, incoming = Outgoing(), Incoming()
    there: list[bytes] = []
    under_way: list[Envelope] = []
    waiting = list(letters)
    before = ways.PIECE, ways.BATCH
    ways.PIECE, ways.BATCH = 7, 30
    try:
        while len(there) < len(letters):
            is_bad = random.random() < 0.5 and len(under_way) < 50
            if waiting and random.random() < 0.7:
                assert out.post(waiting.pop(0))
            under_way.append(envelope(out))
            if is_bad and random.random() < 0.3:
                out.rewind()
            sent = under_way[random.randrange(len(under_way))] if is_bad else under_way.pop(0)
            if is_bad and random.random() < 0.3:
                under_way.remove(sent)
                continue
            there += receive(incoming, sent)
            answer = Envelope("b", 1, 1, (), incoming.epoch, incoming.number, incoming.misses_some)
            if not is_bad or random.random() < 0.5:
                out.acknowledge(answer.acknowledged_epoch, answer.acknowledged, again=answer.again)
                if not under_way and not waiting and not out.is_idle and not out.has_unsent:
                    # nobody has answered in time
                    out.rewind()
    finally:
        ways.PIECE, ways.BATCH = before
    assert there == letters


def test_what_is_acknowledged_is_not_kept() -> None:
    out, incoming = Outgoing(), Incoming()
    out.post(b"one")
    out.post(b"two")
    assert out.waiting == 6
    assert receive(incoming, envelope(out)) == [b"one", b"two"]
    assert out.acknowledge(incoming.epoch, incoming.number, again=False)
    assert out.is_idle
    assert out.waiting == 0


def test_a_hole_is_asked_for() -> None:
    out, incoming = Outgoing(), Incoming()
    out.post(b"lost")
    envelope(out)
    out.post(b"arrives")
    assert receive(incoming, envelope(out)) == []
    assert incoming.misses_some
    out.acknowledge(incoming.epoch, incoming.number, again=True)
    assert receive(incoming, envelope(out)) == [b"lost", b"arrives"]


def test_a_long_letter_lets_others_through_between_its_pieces() -> None:
    out, incoming = Outgoing(), Incoming()
    letter = bytes(range(256)) * 4096
    out.post(letter)
    got: list[bytes] = []
    batches = 0
    while out.has_unsent:
        batches += 1
        got += receive(incoming, envelope(out))
    assert got == [letter]
    assert batches == len(letter) // ways.BATCH


def test_too_much_is_said() -> None:
    out = Outgoing()
    assert out.post(b"x" * ways.MAX_WAITING)
    assert not out.post(b"x")


def test_who_gives_up_begins_anew_and_the_other_end_learns_it() -> None:
    out, incoming = Outgoing(), Incoming()
    out.post(b"old")
    late = envelope(out)
    receive(incoming, late)
    out.post(b"never sent")
    out.give_up()
    out.post(b"new")
    sent = envelope(out)
    assert incoming.begins_anew(sent)
    assert incoming.take(sent) == [b"new"]
    assert not incoming.begins_anew(late)
    assert incoming.take(late) == []
    assert not out.acknowledge(1, 1, again=False)
