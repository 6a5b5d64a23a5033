"""Someone in the game's world whom the player talks to on the phone.

    what the caller says -> turns.py -> conversation.py -> brain.py -> phrases.py -> the call's speaker -> the caller
                                             ^                                              |
                                             +----------- what was heard, to the word ------+

files.py      characters in TOML files, which may be changed while calls go on
persona.py    who it is, what it can do, how patient it is: from a game's message, or from a file
entries.py    what has happened in a conversation: what a brain is shown; memory.py keeps it, within bounds
brain.py      whatever decides what it says next; brains/ has those that there are
turns.py      whose turn it is
phrases.py    a text that is still being written -> what can be spoken of it; markup.py: what cannot be
mouth.py      what is said, and what of it was heard
actions.py    what it can have done, checked; errands.py: what has been asked for, and the results
budget.py     what a call may cost; day.py: and all calls of a day
keeping/      what is remembered of callers, in a file
reply.py      one reply, from the first thought to the last word; conversation.py: one after the other
"""
