"""Who may try how often. Pure: the clock is handed in, and nothing here waits.

`GuessLimits` counts wrong codes by calling number, `ConnectionLimits` sockets and attempts by address, and `room.Room`
sees to it that there are never more connections than descriptors.
"""

from phonegame.limits.connections import Admission, ConnectionLimits, Place
from phonegame.limits.guesses import GuessLimits

__all__ = ["Admission", "ConnectionLimits", "GuessLimits", "Place"]
