from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from phonegame.logs import masked, set_up_logs

Capsys = pytest.CaptureFixture[str]
SECRET = "planted0secret0planted0secret"


@pytest.fixture(autouse=True)
def _loggers_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    before = structlog.get_config()
    structlog.contextvars.clear_contextvars()
    yield
    structlog.contextvars.clear_contextvars()
    root.handlers, root.level = handlers, level
    structlog.configure(**before)


def log() -> structlog.stdlib.BoundLogger:
    logger: structlog.stdlib.BoundLogger = structlog.get_logger()
    return logger


def call_with_a_secret() -> None:
    key = SECRET
    raise OSError(f"a key of {len(key)} characters does not help")


def log_an_exception() -> None:
    try:
        call_with_a_secret()
    except OSError:
        log().exception("error of ours")


def test_an_event_is_one_line(capsys: Capsys) -> None:
    set_up_logs()
    structlog.contextvars.bind_contextvars(call="abc123")
    log().info("call started", seconds=1.5, why="two\nlines")
    (line,) = capsys.readouterr().err.splitlines()
    for part in ("info", "call started", "call=abc123", "seconds=1.5"):
        assert part in line
    assert "\x1b" not in line


def test_json_is_one_object_a_line(capsys: Capsys) -> None:
    set_up_logs("json")
    structlog.contextvars.bind_contextvars(call="abc123")
    log().warning("two\nlines", tries_left=2)
    (line,) = capsys.readouterr().err.splitlines()
    event = json.loads(line)
    assert event.pop("timestamp").endswith("Z")
    assert event == {"event": "two\nlines", "level": "warning", "call": "abc123", "tries_left": 2}


def test_an_exception_in_json_is_one_line_too(capsys: Capsys) -> None:
    set_up_logs("json")
    log_an_exception()
    (line,) = capsys.readouterr().err.splitlines()
    assert "OSError: a key of" in json.loads(line)["exception"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_shows_no_local_variables(form: str, capsys: Capsys) -> None:
    set_up_logs("json" if form == "json" else "text")
    log_an_exception()
    written = capsys.readouterr().err
    assert "call_with_a_secret" in written
    assert SECRET not in written


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_standard_library_s_loggers_go_the_same_way(form: str, capsys: Capsys) -> None:
    set_up_logs("json" if form == "json" else "text")
    logging.getLogger("hypercorn.error").warning("port %d is taken", 5000)
    (line,) = capsys.readouterr().err.splitlines()
    assert "port 5000 is taken" in line
    assert "warning" in line


def test_what_is_below_the_level_is_left_out(capsys: Capsys) -> None:
    set_up_logs(level="warning")
    log().info("quiet")
    logging.getLogger("hypercorn.error").info("quiet too")
    assert capsys.readouterr().err == ""


def test_trio_websocket_does_not_log_every_frame(capsys: Capsys) -> None:
    set_up_logs(level="debug")
    logging.getLogger("trio-websocket").debug("sent BytesMessage(data=...)")
    log().debug("said")
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_setting_up_twice_does_not_log_twice(capsys: Capsys) -> None:
    set_up_logs()
    set_up_logs()
    log().info("once")
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+15551230042", "+1***42"),
        ("5551230042", "55***42"),
        ("+1 (555) 123-0042", "+1***42"),
        ("123", "***"),
        ("", "***"),
    ],
)
def test_masked(number: str, shown: str) -> None:
    assert masked(number) == shown
