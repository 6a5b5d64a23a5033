"""Phone calls as a part of video games."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quart_trio import QuartTrio


def create_app() -> QuartTrio:
    """The server as an ASGI application, set up by the environment: `hypercorn -k trio 'phonegame:create_app()'`."""
    # here, so that the stand-ins and the protocol modules load without the web framework
    from phonegame.app import create_app as create

    return create()
