"""What is kept of conversations, so that who calls again goes on where it ended: in one SQLite file, PHONEGAME_MEMORY.

file.py      the file: its schema, its faults, its key; hashes
records.py   a conversation in it: loaded, saved, forgotten; and what has been spent today
keeper.py    the one task of a server that works on the file, in a thread: no call ever waits for a disk

Whose it is: a player (the number, hashed), a game (its key, hashed; a server's own character has none) and a character
(its name). So two games with keys of their own share nothing, whatever their characters are called, while all games of
one key, and all games on a server without keys, are one.

A conversation is a row, and each call a part of it: two calls at a time, in two processes even, lose nothing of each
other. Of the brain's state there is one only, that of the call which was saved last: nobody can be in two places of a
script. Forgetting deletes the row; a call that is going on finds that its row is gone, and does not make another one.

Several processes may share a file, on one machine: SQLite's WAL does not work over a network.
"""
