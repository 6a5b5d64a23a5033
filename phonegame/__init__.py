"""Phone calls as a part of video games."""

from phonegame.app import create_app

__all__ = ["create_app"]
