"""What every brain of the suite has to say and to do, told to models by their answers and to a script by its file."""

from __future__ import annotations

from phonegame.characters.persona import HANG_UP, Action, Persona
from phonegame.local.model import Answer, Call

ACTIONS = (
    Action(name="bake", parameters={"properties": {"size": {"type": "integer"}}, "required": ["size"]}),
    Action(name=HANG_UP),
)

GREETING = "Good evening! What would you like?"
ANSWERS = (
    Answer(said="you are connected", text=GREETING),
    Answer(said="two pizzas", text="Very well.", calls=(Call("bake", {"size": 30}), Call("bake", {"size": 45}))),
    Answer(said="quietly", calls=(Call("bake", {"size": 30}),)),
    Answer(said="ignore me"),
    Answer(said="goodbye", text="Good night.", calls=(Call(HANG_UP),)),
    Answer(said="break off", text="one two", cut_after=0),
)
"""To all else: "You said: ..."."""

SCRIPT = """
else = "You said: {heard}"
[states.hall]
say = "Good evening! What would you like?"

[[anywhere]]
hear = "two pizzas"
say = "Very well."
do = "bake"
with = { size = 30 }
done = { say = "You said: {result}" }
failed = { say = "You said: {result}" }
go = "second_pizza"
[states.second_pizza]
do = "bake"
with = { size = 45 }

[[anywhere]]
hear = "quietly"
do = "bake"
with = { size = 30 }
done = { say = "You said: {result}" }
failed = { say = "You said: {result}" }

[[anywhere]]
hear = "ignore me"

[[anywhere]]
hear = "goodbye"
say = "Good night."
hang_up = true
"""

PERSONA = Persona(name="Luigi", persona="You bake pizzas.", actions=ACTIONS[:1])
SCRIPTED = Persona(name="Luigi", script=SCRIPT, actions=ACTIONS[:1])
BROKEN = Persona(name="Luigi", script="[states.hall\n", actions=ACTIONS[:1])
