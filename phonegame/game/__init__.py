"""Games: a websocket at `/game`, a code, and the calls of those who say it.

games.py             who is there, and which protocol each of them speaks
text_session.py      a game that speaks the text protocol: socket and game are one
v1_session.py        one websocket of the protocol phonegame.v1: reads, obeys, sends
v1_game.py           one game of that protocol, which may outlive its websockets
mailbox.py           the numbered messages of such a game, kept until it can have read them
sayings.py           what it says, and the receipts that it is owed
"""

from __future__ import annotations

from phonegame.game.games import Games

__all__ = ["Games"]
