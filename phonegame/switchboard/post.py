"""Letters between workers through Redis: each worker has an inbox, a stream that it alone reads.

    post = Post(link, worker, take, lost)       take(other worker, letter)
    post.send_nowait(other worker, letter)

Redis may lose, repeat and delay: what arrives, and in which order, is the affair of ways.py. One task reads the inbox,
one task for each other worker sends what there is for it; what comes meanwhile goes with the next batch.
Source: https://redis.io/docs/latest/develop/data-types/streams/
"""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec
import structlog
import trio
from coredis.tokens import PureToken

from phonegame.redis_link import Client, RedisAway, RedisLink
from phonegame.switchboard.ways import Envelope, Incoming, Outgoing

BEAT_SECONDS = 1.5
INBOX_SECONDS = 30
"""An inbox that its worker has not renewed is gone: nobody reads it any more."""
INBOX_ENTRIES = 20_000
"""About so many may wait; the oldest are dropped, and sent again when they are missed."""
ACKNOWLEDGE_SECONDS = 0.5
RESEND_SECONDS = 4.0
"""What has not been acknowledged by then is sent again."""
DEAD_SECONDS = 3600
"""How long is remembered what a dead worker has sent: it may only have seemed so."""
NOTHING = b"\xc0"
"""A letter that says nothing."""
NO_INBOX_SECONDS = 0.25
"""The other worker is about to make it, after a flush; or it is dead, which others find out."""

_KEEP_INBOX = """
local made = 0
if redis.call('EXISTS', KEYS[1]) == 0 then
    redis.call('XADD', KEYS[1], '*', 'made', '1')
    made = 1
else
    redis.call('XTRIM', KEYS[1], 'MINID', ARGV[1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return made
"""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def inbox_of(worker: str) -> str:
    """Each in a slot of its own, where Redis is a cluster."""
    return f"phonegame:inbox:{{{worker}}}"


class _Peer:
    """Another worker."""

    def __init__(self, worker: str) -> None:
        self.worker = worker
        self.out = Outgoing()
        self.incoming = Incoming()
        self.changed = trio.Event()
        self.acknowledge_at = math.inf
        self.resend_at = math.inf
        self.scope = trio.CancelScope()
        self.dead_since = math.inf

    def wake(self) -> None:
        self.changed.set()


class Post:
    """`lost` is told of a worker that is not reached any more, or has begun anew: all that hung on it is over."""

    def __init__(
        self, link: RedisLink, worker: str, take: Callable[[str, bytes], None], lost: Callable[[str], None]
    ) -> None:
        self._link = link
        self._worker = worker
        self._take = take
        self._lost = lost
        self._peers: dict[str, _Peer] = {}
        self._nursery: trio.Nursery | None = None
        self._last_read = b"0"

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        async with trio.open_nursery() as self._nursery:
            for peer in self._peers.values():
                self._nursery.start_soon(self._serve, peer)
            self._nursery.start_soon(self._keep_inbox)
            self._nursery.start_soon(self._read_inbox)
            task_status.started()

    @property
    def is_idle(self) -> bool:
        """Whether every letter has arrived."""
        return all(peer.out.is_idle for peer in self._peers.values())

    def send_nowait(self, worker: str, letter: bytes) -> None:
        peer = self._peer(worker)
        if peer.out.post(letter):
            peer.wake()
        else:
            log.warning("another worker does not read; its lines are ended", worker=worker, waiting=peer.out.waiting)
            self._give_up(peer)

    def forget_nowait(self, worker: str) -> None:
        """It is dead, or seems so: should it be heard of again, it is told that its lines are over."""
        peer = self._peer(worker)
        peer.dead_since = min(peer.dead_since, trio.current_time())
        peer.out.give_up()
        self._lost(worker)

    def _give_up(self, peer: _Peer) -> None:
        peer.out.give_up()
        self._lost(peer.worker)
        self._tell_of_new_epoch(peer)

    def _tell_of_new_epoch(self, peer: _Peer) -> None:
        peer.out.post(NOTHING)
        peer.wake()

    def _drop_dead(self) -> None:
        long_ago = trio.current_time() - DEAD_SECONDS
        for peer in [peer for peer in self._peers.values() if peer.dead_since < long_ago]:
            peer.scope.cancel()
            del self._peers[peer.worker]

    def _peer(self, worker: str) -> _Peer:
        peer = self._peers.get(worker)
        if peer is None:
            peer = self._peers[worker] = _Peer(worker)
            if self._nursery is not None:
                self._nursery.start_soon(self._serve, peer)
        return peer

    # to another worker

    async def _serve(self, peer: _Peer) -> None:
        with peer.scope:
            while True:
                now = trio.current_time()
                if now >= peer.resend_at:
                    peer.out.rewind()
                if peer.out.has_unsent or now >= peer.acknowledge_at:
                    await self._send(peer)
                    continue
                peer.changed = trio.Event()
                with trio.move_on_at(min(peer.acknowledge_at, peer.resend_at)):
                    await peer.changed.wait()

    async def _send(self, peer: _Peer) -> None:
        first, pieces = peer.out.next_batch()
        incoming = peer.incoming
        envelope = Envelope(
            self._worker, peer.out.epoch, first, pieces, incoming.epoch, incoming.number, incoming.misses_some
        )
        content = msgspec.msgpack.encode(envelope)
        peer.acknowledge_at = math.inf
        peer.resend_at = math.inf if peer.out.is_idle else trio.current_time() + RESEND_SECONDS

        async def put(client: Client) -> bool:
            entry = await client.xadd(
                inbox_of(peer.worker),
                {"e": content},
                nomkstream=True,
                trim_strategy=PureToken.MAXLEN,
                trim_operator=PureToken.APPROXIMATELY,
                threshold=INBOX_ENTRIES,
            )
            return entry is not None

        try:
            is_there = await self._link.ask(put)
        except RedisAway:
            peer.out.rewind()
            await self._link.wait_to_ask_again()
            return
        if not is_there:
            peer.out.rewind()
            await trio.sleep(NO_INBOX_SECONDS)

    # from other workers

    async def _keep_inbox(self) -> None:
        while True:
            try:
                keys = [inbox_of(self._worker)]
                made = await self._link.run_script(_KEEP_INBOX, keys, [self._last_read, INBOX_SECONDS * 1000])
                if made:
                    self._last_read = b"0"
                self._drop_dead()
                await trio.sleep(BEAT_SECONDS)
            except RedisAway:
                await self._link.wait_to_ask_again()

    async def _read_inbox(self) -> None:
        inbox = inbox_of(self._worker)
        while True:
            after = self._last_read
            try:
                entries = await self._link.read_stream(inbox, after)
            except RedisAway:
                await self._link.wait_to_ask_again()
                # of another server, perhaps: what has been read before is known by its number
                self._last_read = b"0"
                continue
            for entry, fields in entries:
                self._open(fields.get(b"e"))
                if self._last_read == after:
                    after = self._last_read = entry

    def _open(self, content: bytes | None) -> None:
        if content is None:
            return
        try:
            envelope = msgspec.msgpack.decode(content, type=Envelope)
        except msgspec.DecodeError:
            log.error("a letter of another worker cannot be read: do all workers have the same version?")
            return
        peer = self._peer(envelope.sender)
        if peer.dead_since < math.inf:
            peer.dead_since = math.inf
            self._tell_of_new_epoch(peer)
        if peer.incoming.begins_anew(envelope):
            log.warning("another worker has begun anew; its lines are ended", worker=peer.worker)
            self._lost(peer.worker)
        if peer.out.acknowledge(envelope.acknowledged_epoch, envelope.acknowledged, again=envelope.again):
            peer.resend_at = math.inf if peer.out.is_idle else trio.current_time() + RESEND_SECONDS
        for letter in peer.incoming.take(envelope):
            self._take(peer.worker, letter)
        if envelope.pieces:
            now = trio.current_time()
            at = now if peer.incoming.misses_some else now + ACKNOWLEDGE_SECONDS
            peer.acknowledge_at = min(peer.acknowledge_at, at)
        peer.wake()
