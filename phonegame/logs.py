"""Logs: one event a line, readable in a terminal, JSON when asked.

Texts are constant and values are fields. What people say, keys and whole phone numbers are never among them: see
`masked`.
A call or a game is bound once, with `structlog.contextvars.bind_contextvars`, and its tasks inherit it.
"""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog


def set_up_logs(form: Literal["text", "json"] = "text", level: str = "info") -> None:
    """Sends everything to stderr, the standard library's loggers (hypercorn's, trio-websocket's) included."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=form == "json"),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    renderer: list[structlog.typing.Processor]
    if form == "json":
        renderer = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        # plain tracebacks: the fancy ones show local variables, keys among them
        plain = structlog.dev.plain_traceback
        renderer = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # a line for every frame at debug level, audio included
    logging.getLogger("trio-websocket").setLevel(logging.INFO)
    # addresses, which have the ids of accounts and calls in them: it asks for Twilio's library, and for some voices
    logging.getLogger("urllib3").setLevel(logging.ERROR)


def masked(number: str) -> str:
    """A phone number for a log: `+1***42` for `+15551230042`, too little to call it."""
    digits = sum(character.isdigit() for character in number)
    if digits < 7:
        return "***"
    return f"{number[:2]}***{number[-2:]}"
