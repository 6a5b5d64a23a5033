"""
A character's file, TOML. Whoever is in it, and, where it follows a script, everything it says and listens for.

  name = "Witness"                          whose memory it is; needed
  persona = "..."                           for a language model, where the file has no states: who it is, what it knows
  greeting = "Hello."                       said first; else what the script, or the model, says first
  voice = "espeak:en-us+f3"                 else the server's own
  patience = 0.7                            seconds for whoever has stopped in the midst of a sentence, to go on
  silence_seconds = 10                      who says nothing for so long is asked, and then left; 0: never
  silence_prompt = "Are you still there?"   what is asked; empty: what the script, or the model, says to the silent
  goodbye = "Goodbye."                      to whoever stays silent
  filler = "One moment."                    said when a reply takes long; empty: nothing
  excuse = "I am sorry, ..."                said when the model fails
  message = "Call me back."                 left on an answering machine; empty: it hangs up there
  vocabulary = ["Bluebeard"]                what callers are likely to say, besides what a script listens for
  [[actions]]                               what the game can be asked for: name, description, seconds, and
  name = "open_door"                          parameters (JSON Schema), or in short:
  takes = { door = ["left", "right"], times = "integer" }

A script is made of states. The call begins in the first one, or in the one that `start` names.

  [states.hello]
  say = ["Hello?", "Who is it?"]            said on coming here; of several, one at random, never twice in a row
  [[states.hello.listen]]                   the first rule that fits what the caller says
  hear = ["my name is {name:text}", "it's {name:text}"]
  if = "not name or name != 'Columbo'"      and whose condition holds
  say = "Good evening, {name}."
  go = "alibi"                              the next state

What a rule does, in this order. A state can do the same on coming into it, and so can `else` and the others below.

  if = "tries > 2 and not guilty"           or nothing at all
  set = { tries = 0, sure = true }          variables
  add = { tries = 1 }                       a number goes up
  append = { clues = "{clue}" }             a list gets longer; said as "a, b and c"
  say = "..."                               or [...], { in_order = [...] }, { cycle = [...] };
                                            each of several may be { text = "...", weight = 3, if = "..." }
  repeat = true                             says the last reply again
  do = "open_door"                          asks the game for an action
  with = { door = "{side}" }                its arguments
  done = { say = "It is open.", go = "in" } when it has been done; {result} or {result.field} is what the game told
  failed = { say = "It is stuck." }         when the game refuses, or does not answer in time
  choose = [{ if = "...", ... }, { ... }]   the first of these whose condition holds
  ask_again = true                          says what the present state says
  go = "alibi"                              or hang_up = true

What is heard. Capitals, punctuation and fillers (um) do not count, a few small words may stand between, "I'm" is
"I am", "4" is "four", and a long word may have a letter wrong.

  yes | yeah | of course                    any of these, anywhere in what the caller says
  = no                                      nothing but this, and "please" and the like
  i'd like (a | one) [large] pizza[s]       alternatives, optional words, optional endings
  cut ... wire                              anything between
  {count:number}                            a number; {pin:digits} keeps its zeros; {name:word}, {what:text}
  {topping}                                 one of a list; {second:topping} puts it into another variable
  also = ["{count:number}", "{size}"]       looked for in the same words, once the rule has been found

  [lists]
  topping = ["margherita", "pepperoni | salami", { value = 4, hear = "four cheese[s]" }]
  [variables]                               what they are when the call begins; others are empty
  tries = 0

In texts: {name}, {count * 9} dollars, {count:pizza|pizzas} (one, several), {lists.topping}; {{ is a brace.
In conditions: == != < <= > >= in, and or not, + - * /, brackets, 'words', numbers, true, false.
The character itself knows: heard (what the caller has said), calls (1 on the first call), direction ("incoming",
"outgoing"), visits (how often this state was come to), result (of an action).

  else = ["Sorry?", "Once more?", { say = "This makes no sense.", hang_up = true }]
                                            not understood: the first time in a row, the second, ...; in a state, or at
                                            the top of the file for all
  silence = ["Still there?", { say = "Bye.", hang_up = true }]      the same for callers who say nothing
  [[anywhere]]                              rules that hold in every state, behind its own
  calling_again = "afresh"                  or "remember": as the first time, but the variables stay;
                                            or "resume": where the call before broke off
  welcome_back = "You again."               said first then

`phonegame character check FILE` tells what is wrong with a file, `phonegame character talk FILE` talks with it.
"""
