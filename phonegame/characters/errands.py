"""The actions that a game has been asked for, and what has become of each."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Callable

import structlog
import trio

from phonegame.characters.actions import Actions, Refusal
from phonegame.characters.brain import ActionCall
from phonegame.characters.entries import ActionAsked, ActionDone
from phonegame.characters.memory import Memory
from phonegame.characters.persona import HANG_UP

MAX_RESULT_LENGTH = 8000
"""Characters: more than a model should read at each turn from then on."""
_FIT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Errands:
    """`ask` hands an action to the game; None: there is no game, and what a character has done is only noted."""

    def __init__(self, actions: Actions, memory: Memory, ask: Callable[[ActionAsked], None] | None) -> None:
        self.actions = actions
        self._memory = memory
        self.ask = ask
        self.on_noted: Callable[[ActionAsked], None] = lambda asked: None
        """Told of what there was no game for."""
        self._ids: set[str] = set()
        self._deadlines: dict[str, float] = {}
        """Of those that wait for their result."""
        self._changed = trio.Event()

    def begin(self, call: ActionCall) -> ActionAsked:
        """What a brain calls: asks the game for it, or refuses it, which is a result as well."""
        checked = self.actions.check(call)
        asked = ActionAsked(self._new_id(call.action_id), call.name, checked.arguments)
        self._memory.add(asked)
        if isinstance(checked, Refusal):
            log.info("action of a character refused", why=checked.why.partition(":")[0])
            self.settle(asked.action_id, f"refused: {checked.why}", failed=True)
        elif call.name == HANG_UP:
            self._deadlines[asked.action_id] = math.inf
        elif self.ask is None:
            log.info("action of a character noted", action=call.name)
            self.on_noted(asked)
            self.settle(asked.action_id, "noted")
        else:
            self._deadlines[asked.action_id] = trio.current_time() + checked.action.seconds
            self.ask(asked)
        return asked

    def settle(self, action_id: str, result: str, *, failed: bool = False) -> None:
        self._deadlines.pop(action_id, None)
        self._memory.settle(ActionDone(action_id, result, failed))
        self._changed.set()

    def take_result(self, action_id: str, result: str, *, failed: bool) -> str | None:
        """Of a game. Gives the reason, in words, where it changes nothing."""
        self._expire()
        if self._deadlines.get(action_id, math.inf) == math.inf:
            return f"action_id: no action {action_id!r} waits for a result; it has had one, or its time was up"
        if len(result) > MAX_RESULT_LENGTH:
            self.settle(action_id, "the result was too long to be read", failed=True)
            return f"result: has {len(result)} characters, and at most {MAX_RESULT_LENGTH} are allowed; it has failed"
        self.settle(action_id, result, failed=failed)
        return None

    async def wait_done(self) -> None:
        """Until each has its result, or its time is up. Hanging up has none."""
        while (deadline := min(self._deadlines.values(), default=math.inf)) < math.inf:
            self._changed = trio.Event()
            with trio.move_on_at(deadline):
                await self._changed.wait()
            self._expire()

    def end(self, why: str) -> None:
        """Of all that still wait, nothing will be heard any more."""
        for action_id in list(self._deadlines):
            self.settle(action_id, why, failed=True)

    def _expire(self) -> None:
        now = trio.current_time()
        for action_id in [each for each, deadline in self._deadlines.items() if deadline <= now]:
            log.info("an action has not been answered in time")
            self.settle(action_id, "no answer in time", failed=True)

    def _new_id(self, proposed: str) -> str:
        """The brain's own where it can be: it may know its actions by it."""
        is_fit = _FIT_ID.fullmatch(proposed) is not None and proposed not in self._ids
        action_id = proposed if is_fit else secrets.token_hex(8)
        self._ids.add(action_id)
        return action_id
