"""What a character has not got to say because something that sounded like the caller has stopped it.

Where that turns out to have been nothing, it goes on from the phrase that was cut: nobody goes on from the midst of a
word. What had not been thought to its end is thought anew, by a brain that knows what has been heard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from phonegame.characters.memory import Spoken
from phonegame.characters.setting import End
from phonegame.speak.sentences import sentences


@dataclass(frozen=True, slots=True)
class Unsaid:
    """`phrases` are to be said, then the brain is asked where it `thinks_on`."""

    phrases: Sequence[str] = ()
    thinks_on: bool = False
    hangs_up: bool = False
    ends: End | None = None
    """So does the conversation, when it has been heard."""

    def __bool__(self) -> bool:
        return bool(self.phrases) or self.thinks_on or self.hangs_up or self.ends is not None


AFRESH = Unsaid(thinks_on=True)


@dataclass(eq=False, slots=True)
class Line:
    """Something that no brain has to think of, while it is being said. `ends`: as in `Unsaid`."""

    text: str
    ends: End | None = None
    spoken: Spoken = field(default_factory=Spoken)

    was_audible = True

    @property
    def unsaid(self) -> Unsaid:
        return Unsaid(rest_of([self.text], [self.spoken]), ends=self.ends)


def rest_of(phrases: Sequence[str], spoken: Sequence[Spoken]) -> list[str]:
    """Of `phrases`, which were to be said as `spoken`, those that the caller has not heard to their end."""
    heard = [text for each in spoken for text in each.heard]
    for at, phrase in enumerate(phrases):
        text = heard[at] if at < len(heard) else ""
        if text != phrase:
            return [*_unheard_sentences(phrase, text), *phrases[at + 1 :]]
    return []


def _unheard_sentences(phrase: str, heard: str) -> list[str]:
    parts = sentences(phrase)
    while parts and heard.startswith(parts[0]):
        heard = heard[len(parts.pop(0)) :].lstrip()
    return parts
