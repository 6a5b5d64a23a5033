"""Settings of what the operator's page keeps of calls, in memory only."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings


class BoardSettings(BaseSettings):
    past_calls: Annotated[int, Field(ge=0, le=1000)] = 50
    """Calls that have ended and are shown still. 0: a call is forgotten when it ends."""
    transcript_lines: Annotated[int, Field(ge=0, le=5000)] = 300
    """Of one call: what is said, keyed and happens. 0: none is kept, of live calls neither."""
