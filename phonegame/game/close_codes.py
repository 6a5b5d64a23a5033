"""How a game's websocket is closed. Source: RFC 6455, section 7.4.1, and the registry of close codes that it opens."""

from __future__ import annotations

from phonegame.switchboard import SeatClosed

DONE = 1000
NO_CODE_GIVEN = 1005
SERVICE_RESTART = 1012
TRY_AGAIN_LATER = 1013
NOT_HERE = 1008
"""Policy violation: no game is let in, now or later."""

GOODBYES = (DONE, NO_CODE_GIVEN)
"""From a game that has closed its websocket on purpose."""

CLOSE_CODES = {
    SeatClosed.LEFT: DONE,
    SeatClosed.AWAY_TOO_LONG: DONE,
    SeatClosed.TOO_LONG: 1009,
    SeatClosed.TOO_SLOW: TRY_AGAIN_LATER,
    SeatClosed.SHUTDOWN: 1001,
    SeatClosed.RESTART: SERVICE_RESTART,
    SeatClosed.CODE_LOST: SERVICE_RESTART,
}
