"""Random comings and goings, against the rule written down the long way."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from phonegame.switchboard import MAX_CALLERS, SLOT_SECONDS
from phonegame.switchboard.slots import Slots

NUMBERS = st.sampled_from([None, "ann", "bob", "cem", "dora"])


class Comings(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.slots = Slots()
        self.now = 0.0
        self.accept = 1
        self.there: dict[int, str | None] = {}
        self.left: dict[int, tuple[str | None, float]] = {}
        """The latest who had each slot, and when he left."""

    def kept_for(self, slot: int) -> str | None:
        if slot in self.there or slot not in self.left:
            return None
        number, when = self.left[slot]
        return number if self.now < when + SLOT_SECONDS else None

    @rule(number=NUMBERS)
    def join(self, number: str | None) -> None:
        free = [slot for slot in range(1, self.accept + 1) if slot not in self.there]
        slot = self.slots.take(self.accept, number, self.now)
        if len(self.there) >= self.accept:
            assert slot is None
            return
        assert slot in free
        own = [each for each in free if number is not None and self.kept_for(each) == number]
        nobodys = [each for each in free if self.kept_for(each) is None]
        if own:
            assert slot in own
        elif nobodys:
            assert slot == nobodys[0]
        else:
            assert self.left[slot][1] == min(self.left[each][1] for each in free)
        self.there[slot] = number

    @precondition(lambda self: self.there)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        slot = data.draw(st.sampled_from(sorted(self.there)))
        number = self.there.pop(slot)
        self.slots.give_back(slot, number, self.now)
        self.left[slot] = (number, self.now)

    @rule(accept=st.integers(1, MAX_CALLERS) | st.integers(1, 3))
    def accept_callers(self, accept: int) -> None:
        self.accept = accept

    @rule(seconds=st.sampled_from([0.5, 10.0, SLOT_SECONDS / 2, float(SLOT_SECONDS), 1000.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def nothing_is_remembered_for_ever(self) -> None:
        assert len(self.slots._kept) + len(self.slots._taken) <= MAX_CALLERS


TestComings = Comings.TestCase
TestComings.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
