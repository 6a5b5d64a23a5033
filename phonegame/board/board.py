"""All records of this process, and who looks at them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

import trio

from phonegame.board.notes import CallNotes
from phonegame.board.record import Record
from phonegame.board.shown import CallShown, Change, GameShown, TimeLine
from phonegame.board.words import DIAL_FAILED, capital
from phonegame.switchboard import Caller, CallStatus

MAX_VIEWERS = 16
"""Each costs a connection, and for each change a message. A browser opens no more than six to one server."""
GAMES_SECONDS = 1.0
"""How often it is asked which games there are, while somebody looks."""
MAX_CHANGED = 1000
"""Of more calls a viewer does not remember one by one what has changed: it gets all anew."""


class TooManyViewers(Exception):
    """`MAX_VIEWERS` are looking."""


class Board:
    def __init__(self, games: Callable[[], Sequence[GameShown]], *, past_calls: int, lines: int) -> None:
        """`past_calls`: calls that have ended and are kept. `lines`: see `Record`."""
        self.games = games
        self.closed = trio.Event()
        self._past_calls = past_calls
        self._lines = lines
        self._live: dict[str, Record] = {}
        self._past: dict[str, Record] = {}
        """The oldest first."""
        self._viewers: set[Viewer] = set()

    def close_nowait(self) -> None:
        """The server goes down: nobody looks any more."""
        self.closed.set()
        for viewer in self._viewers:
            viewer.wake_nowait()

    # what calls report

    @contextmanager
    def notes(self) -> Iterator[CallNotes]:
        """For one call, to its very end."""
        notes = CallNotes(self)
        try:
            yield notes
        finally:
            notes.close()

    def open_nowait(self, caller: Caller, call_id: str) -> Record:
        """The record of a call that goes on; a new one, unless it has been dialled."""
        record = self._live.get(call_id)
        if record is None:
            began = trio.current_time()
            shown = CallShown(id=call_id, direction=caller.direction, caller=caller.shown, began=began)
            record = self._live[call_id] = Record(shown, self._lines, self._note_change)
            self._note_change(record, True)
        return record

    def close_record_nowait(self, record: Record) -> None:
        """Its call is a past one."""
        self._live.pop(record.shown.id, None)
        self._past[record.shown.id] = record
        while len(self._past) > self._past_calls:
            oldest = next(iter(self._past))
            del self._past[oldest]
            for viewer in self._viewers:
                viewer.changed_nowait(oldest)

    def tell_status(self, caller: Caller, code: str | None, status: CallStatus) -> None:
        """Of a phone that we ring, until somebody is on it. `code`: the game it is for."""
        record = self.open_nowait(caller, caller.call_id)
        at = trio.current_time() - record.shown.began
        match status.status:
            case "dialling" | "ringing" as phase:
                record.update(phase=phase, game=code)
                record.add("event", phase, at)
            case "answered":
                # told again once the carrier knows by whom
                is_known = status.answered_by is not None
                record.add("event", "a person has answered" if is_known else "the phone is answered", at)
                if record.shown.phase in ("dialling", "ringing"):
                    record.update(phase="answered")
            case "machine":
                record.add("event", "an answering machine has answered", at)
            case "busy" | "no_answer" | "failed" | "cancelled" as end:
                why = DIAL_FAILED[end]
                record.add("event", why, at)
                if status.reason:
                    trouble = capital(status.reason)
                    record.add("problem", trouble, at)
                    record.update(problem=trouble)
                record.update(phase="ended", why=why, ended=trio.current_time())
                self.close_record_nowait(record)

    def _note_change(self, record: Record, is_row: bool) -> None:
        for viewer in self._viewers:
            viewer.changed_nowait(record.shown.id, is_row=is_row)

    # who looks

    def find(self, call_id: str) -> Record | None:
        return self._live.get(call_id) or self._past.get(call_id)

    @property
    def calls(self) -> list[CallShown]:
        """The newest first: those that go on, then those that have ended."""
        return [record.shown for records in (self._live, self._past) for record in reversed(records.values())]

    @property
    def viewers(self) -> Collection[Viewer]:
        return self._viewers

    @property
    def has_room(self) -> bool:
        """For one more viewer."""
        return len(self._viewers) < MAX_VIEWERS

    @contextmanager
    def viewer(self, call_id: str | None) -> Iterator[Viewer]:
        """`call_id`: the call whose time line is looked at. Raises `TooManyViewers`."""
        if not self.has_room:
            raise TooManyViewers
        viewer = Viewer(self, call_id)
        self._viewers.add(viewer)
        try:
            yield viewer
        finally:
            self._viewers.remove(viewer)


class Viewer:
    """What one page has yet to be told. Has no queue: what has changed twice is told once, as it is then."""

    def __init__(self, board: Board, call_id: str | None) -> None:
        self._board = board
        self._call_id = call_id
        self._changed: set[str] = set()
        self._is_behind = True
        self._games: Sequence[GameShown] = ()
        self._revision = 0
        """Of the time line, up to which it has been told."""
        self._woken = trio.Event()

    @property
    def remembers(self) -> int:
        """Calls that have changed since it was last asked."""
        return len(self._changed)

    def wake_nowait(self) -> None:
        self._woken.set()

    def changed_nowait(self, call_id: str, *, is_row: bool = True) -> None:
        if is_row:
            self._changed.add(call_id)
            if len(self._changed) > MAX_CHANGED:
                self._is_behind = True
                self._changed.clear()
        elif call_id != self._call_id:
            return
        self._woken.set()

    async def receive(self) -> Change:
        """Waits for something that the page does not know. Raises `trio.EndOfChannel` when the board is closed."""
        while True:
            await trio.lowlevel.checkpoint()
            if self._board.closed.is_set():
                raise trio.EndOfChannel
            self._woken = trio.Event()
            change = self._whole() if self._is_behind else self._news()
            if change is not None:
                # nothing is awaited since: what is cancelled here would be lost to the page
                return change
            with trio.move_on_after(GAMES_SECONDS):
                await self._woken.wait()

    def _whole(self) -> Change:
        self._is_behind, self._revision = False, 0
        self._changed.clear()
        self._games = self._board.games()
        return Change(
            now=trio.current_time(),
            whole=True,
            calls=self._board.calls,
            games=list(self._games),
            line=self._line(),
        )

    def _news(self) -> Change | None:
        changed, self._changed = self._changed, set()
        records = {call_id: self._board.find(call_id) for call_id in sorted(changed)}
        before, self._games = self._games, self._board.games()
        line = self._line()
        has_new_games = self._games != before
        if not (changed or has_new_games or line):
            return None
        return Change(
            now=trio.current_time(),
            calls=[record.shown for record in records.values() if record is not None],
            gone=[call_id for call_id, record in records.items() if record is None],
            games=list(self._games) if has_new_games else None,
            line=line,
        )

    def _line(self) -> TimeLine | None:
        record = self._board.find(self._call_id) if self._call_id is not None else None
        if record is None or record.revision == self._revision:
            return None
        line, self._revision = record.line(after=self._revision), record.revision
        return line
