"""Someone in the game's world whom the player talks to on the phone.

    what the caller says -> turns.py -> conversation.py -> brain.py -> phrases.py -> the call's speaker -> the caller
                                             ^                                              |
                                             +----------- what was heard, to the word ------+

files.py      characters in TOML files, which may be changed while calls go on
persona.py    who it is, what it can do, how patient it is: from a game's message, or from a file
entries.py    what has happened in a conversation: what a brain is shown, and what is remembered
brain.py      whatever decides what it says next; brains/ has those that there are
"""
