"""Several processes that serve at one address: `phonegame serve --workers N`.

sockets.py    what they listen on, held by the parent
control.py    what parent and worker tell each other
worker.py     one process, from the parent's side
metrics.py    what all of them have counted, whichever is asked
place.py      where one of them serves: sees to it that there is one
fleet.py      the parent: all of them, restarted and replaced one by one
"""
