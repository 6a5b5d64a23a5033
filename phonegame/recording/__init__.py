"""Recordings of calls: a WAV with the caller on the left and phonegame on the right, and a log of what happened.

tape.py     both channels on the clock of the caller's audio, until they are written
files.py    the two files, for a thread: complete at any time, named when they are finished
lines.py    what happened, as JSON lines
writer.py   one recording's task, between the call and the thread
left_behind.py   and what a server that was killed could not finish
folder.py   where they are kept, and whether that can be done

Samples are 16 bits, though the telephone's are 8 (mu-law): 115 MB an hour in place of 58, and everything plays it.
Python's own `wave`, browsers and most speech software do not read mu-law.
"""
