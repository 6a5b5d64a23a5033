"""The codes that games show on all workers: who has which, in Redis, and a picture of it here.

    {phonegame}:codes           hash: code -> the worker that has it
    {phonegame}:worker:ID       there while that worker renews it, `LEASE_SECONDS` at most after it has died
    {phonegame}:changes         stream: what was taken and given back, for the pictures of all

A code belongs to its worker, and a worker lives as long as it renews its key: one command for all its codes. That also
puts back what a flushed Redis has forgotten, and tells of codes that somebody else has got meanwhile. A worker whose
key stays away loses its codes to whoever notices it first. All times are those of Redis or of this process, and only
as long as it runs: no clock is compared with another one.
Source: https://redis.io/docs/latest/develop/programmability/eval-intro/
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

import structlog
import trio

from phonegame.redis_link import RedisAway, RedisLink, as_bytes
from phonegame.switchboard.lease_scripts import BURIED, BURY, CHANGES, CODES, GIVE_BACK, RENEW, TAKE, key_of_worker

BEAT_SECONDS = 1.5
LEASE_SECONDS = 5.0
"""How long Redis remembers a worker that does not renew."""
GRACE_SECONDS = 3.0
"""A worker that was forgotten is dead when it has not come back by then: the others may be faster after a flush."""
SETTLE_SECONDS = 6.0
"""After a connection was made anew nobody is taken for dead, and nothing for free that was in use: all come back."""
READ_ALL_BEATS = 5
MISSING_SECONDS = 8.0
"""A code that Redis does not have is free by then, though no change has told so."""
REST_SECONDS = 60.0
"""The codes of a dead worker are given out last for so long: its games may yet show them, if only it was cut off."""
WAIT_SECONDS = 5.0
"""For a Redis that is away, before there is no code."""
LEAVE_SECONDS = 1.0
CANDIDATES = 4

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Leases:
    """`lost` is told of a code of ours that somebody else has, `died` of another worker that is no more.

    `watched`: other workers whose death matters here.
    """

    def __init__(
        self,
        link: RedisLink,
        worker: str,
        codes: Iterable[str],
        *,
        random: random.Random,
        lost: Callable[[str], None],
        died: Callable[[str], None],
        watched: Callable[[], Iterable[str]],
    ) -> None:
        self._link = link
        self._worker = worker
        self._lost = lost
        self._died = died
        self._watched = watched
        order = list(codes)
        random.shuffle(order)
        self._order = deque(order)
        """All of them: the ones that were in use last are at the end."""
        self.known: dict[str, str] = {}
        """Codes in use, ours included -> their workers."""
        self._mine: dict[str, None] = {}
        self._going: set[str] = set()
        """Given back here, and not yet in Redis."""
        self._gone = trio.Event()
        self._resting: dict[str, float] = {}
        self._missing_since: dict[str, float] = {}
        self._absent_since: dict[str, float] = {}
        self._dead: set[str] = set()
        self._connection = 0
        self._settled_at = 0.0
        # what Redis has of ours changes in one order with what is here
        self._writing = trio.Lock()

    @property
    def capacity(self) -> int:
        return len(self._order)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        try:
            async with trio.open_nursery() as nursery:
                await nursery.start(self._beat)
                nursery.start_soon(self._follow_changes)
                nursery.start_soon(self._give_back)
                task_status.started()
        finally:
            with trio.move_on_after(LEAVE_SECONDS, shield=True):
                await self._leave()

    async def _leave(self) -> None:
        codes = [*self._going, *self._mine]
        with suppress(RedisAway):
            await self._eval(GIVE_BACK, [CODES, CHANGES], [self._worker, *codes])
            await self._link.ask(lambda client: client.delete([key_of_worker(self._worker)]))

    # one code

    async def take(self) -> str | None:
        """A code that is ours from here on; None where all are in use. Raises `RedisAway`."""
        with trio.move_on_after(WAIT_SECONDS):
            await self._link.wait_until_up()
        is_sure = False
        while True:
            await trio.lowlevel.checkpoint()
            candidates = self._candidates()
            # whoever is cancelled while Redis gives a code would not know that he has it
            with trio.CancelScope(shield=True):  # noqa: ASYNC912 - at the end there is nothing to ask
                if candidates:
                    code = await self._try_to_take(candidates)
                    if code is not None:
                        return code
                elif is_sure:
                    return None
                else:
                    # what we have just given back may be the only one
                    await self._tell_what_goes()
                    await self._read_all()
                    is_sure = True

    def _candidates(self) -> list[str]:
        found: list[str] = []
        now = trio.current_time()
        self._resting = {code: until for code, until in self._resting.items() if now < until}
        for _ in range(len(self._order)):
            code = self._order.popleft()
            if code in self.known or code in self._going or code in self._resting:
                self._order.append(code)
                continue
            found.append(code)
            if len(found) == CANDIDATES:
                break
        self._order.extendleft(reversed(found))
        if found:
            return found
        resting = (code for code in self._resting if code not in self.known and code not in self._going)
        return [code for code, _ in zip(resting, range(CANDIDATES), strict=False)]

    async def _try_to_take(self, candidates: Sequence[str]) -> str | None:
        async with self._writing:
            first, *owners = await self._eval(TAKE, [CODES, CHANGES], [self._worker, *candidates])
            code = first.decode()
            if not code:
                self.known |= {code: owner.decode() for code, owner in zip(candidates, owners, strict=True)}
                return None
            self._mine[code] = None
            self.known[code] = self._worker
            self._order.remove(code)
            self._order.append(code)
            return str(code)

    def give_back_nowait(self, code: str) -> None:
        """It is free as soon as Redis has heard of it."""
        if code in self._mine:
            del self._mine[code], self.known[code]
            self._going.add(code)
            self._gone.set()

    async def _give_back(self) -> None:
        while True:
            await self._gone.wait()
            self._gone = trio.Event()
            try:
                await self._tell_what_goes()
            except RedisAway:
                await self._link.wait_to_ask_again()
                self._gone.set()

    async def _tell_what_goes(self) -> None:
        async with self._writing:
            codes = list(self._going)
            if codes:
                await self._eval(GIVE_BACK, [CODES, CHANGES], [self._worker, *codes])
                self._going.difference_update(codes)

    async def worker_of(self, code: str) -> str | None:
        """The living worker that has it. Raises `RedisAway`."""
        worker = await self._link.ask(lambda client: client.hget(CODES, code), wait=WAIT_SECONDS)
        if worker is None:
            # a Redis that has forgotten it is told again soon; where it was given back, that worker says so
            return self.known.get(code)
        name = worker.decode()
        return name if await self.is_alive(name) else None

    async def is_alive(self, worker: str) -> bool:
        """Raises `RedisAway`."""
        return bool(await self._link.ask(lambda client: client.exists([key_of_worker(worker)]), wait=WAIT_SECONDS))

    # all of them, again and again

    async def _beat(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        beats = 0
        is_started = False
        while True:
            try:
                if self._connection != self._link.times_connected:
                    self._connection = self._link.times_connected
                    self._absent_since.clear()
                    self._settled_at = trio.current_time() + SETTLE_SECONDS if is_started else 0
                    beats = 0
                await self._renew()
                if beats % READ_ALL_BEATS == 0:
                    await self._read_all()
                await self._look_after_others()
                beats += 1
            except RedisAway:
                if not is_started:
                    is_started = True
                    task_status.started()
                await self._link.wait_to_ask_again()
                continue
            if not is_started:
                is_started = True
                task_status.started()
            await trio.sleep(BEAT_SECONDS)

    async def _renew(self) -> None:
        async with self._writing:
            keys = [CODES, CHANGES, key_of_worker(self._worker)]
            answer = await self._eval(RENEW, keys, [self._worker, round(LEASE_SECONDS * 1000), *self._mine])
            lost = {code.decode(): owner.decode() for code, owner in zip(answer[::2], answer[1::2], strict=True)}
            for code, owner in lost.items():
                del self._mine[code]
                self.known[code] = owner
        for code in lost:
            log.warning("another game has got a code of ours meanwhile", code=code)
            self._lost(code)

    async def _read_all(self) -> None:
        async with self._writing:
            found = await self._link.ask(lambda client: client.hgetall(CODES))
            now = trio.current_time()
            in_redis = {code.decode(): owner.decode() for code, owner in found.items()}
            for code, owner in in_redis.items():
                self._missing_since.pop(code, None)
                if owner != self._worker:
                    # one of ours that another worker has is told of by `_renew`
                    if code not in self._mine:
                        self.known[code] = owner
                elif code not in self._mine:
                    # taken, and the answer was lost
                    self._going.add(code)
                    self._gone.set()
            for code in [code for code in self.known if code not in in_redis and code not in self._mine]:
                since = self._missing_since.setdefault(code, now)
                if now >= self._settled_at and now - since >= MISSING_SECONDS:
                    self._forget(code)

    def _forget(self, code: str) -> None:
        self.known.pop(code, None)
        self._missing_since.pop(code, None)

    def _let_rest(self, code: str) -> None:
        """It is free, and given out when there is no other."""
        self._forget(code)
        self._resting[code] = trio.current_time() + REST_SECONDS

    async def _look_after_others(self) -> None:
        others = sorted({*self.known.values(), *self._watched()} - {self._worker})
        if not others:
            return
        keys = [key_of_worker(worker) for worker in others]
        alive = await self._link.ask(lambda client: client.mget(keys))
        now = trio.current_time()
        for worker, is_alive in zip(others, alive, strict=True):
            if is_alive is not None:
                self._absent_since.pop(worker, None)
                self._dead.discard(worker)
            elif now - self._absent_since.setdefault(worker, now) >= GRACE_SECONDS and now >= self._settled_at:
                await self._bury(worker)

    async def _bury(self, worker: str) -> None:
        codes = [code for code, owner in self.known.items() if owner == worker]
        if codes:
            await self._eval(BURY, [CODES, CHANGES, key_of_worker(worker)], [worker, *codes])
        for code in codes:
            if self.known.get(code) == worker:
                self._let_rest(code)
        if worker not in self._dead:
            self._dead.add(worker)
            log.warning("another worker has died", worker=worker, codes=len(codes))
            self._died(worker)

    async def _follow_changes(self) -> None:
        last: bytes | None = None
        while True:
            try:
                if last is None:
                    last = await self._newest_change()
                    await self._read_all()
                entries = await self._link.read_stream(CHANGES, last)
            except RedisAway:
                await self._link.wait_to_ask_again()
                last = None
                continue
            for entry, fields in entries:
                last = entry
                self._follow(fields[b"code"].decode(), fields[b"worker"].decode())

    async def _newest_change(self) -> bytes:
        newest = await self._link.ask(lambda client: client.xrevrange(CHANGES, count=1))
        return as_bytes(newest[0].identifier) if newest else b"0"

    def _follow(self, code: str, worker: str) -> None:
        if code in self._mine or worker == self._worker:
            return
        if worker == BURIED:
            self._let_rest(code)
        elif worker:
            self.known[code] = worker
        else:
            self._forget(code)

    async def _eval(self, script: str, keys: Sequence[str], arguments: Sequence[str | int]) -> Any:
        return await self._link.run_script(script, keys, arguments)
