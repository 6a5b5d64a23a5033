"""Who may try how often. Pure: the clock is handed in, and nothing here waits.

`GuessLimits` counts wrong codes by calling number, `KeyGuesses` wrong keys and `ConnectionLimits` sockets and attempts
by address, and `room.Room` sees to it that there are never more connections than descriptors.
"""

from phonegame.limits.connections import Admission, ConnectionLimits, Place
from phonegame.limits.guesses import GuessLimits
from phonegame.limits.keys import KeyGuesses

__all__ = ["Admission", "ConnectionLimits", "GuessLimits", "KeyGuesses", "Place"]
