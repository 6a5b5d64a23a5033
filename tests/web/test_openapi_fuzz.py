"""Schemathesis asks every route what its document allows, and what it does not: as who may, and as a stranger.

Its checks compare status, content type and body of each answer with the document; no 500 is in there.
"""

from __future__ import annotations

import io
import json
import logging
import re
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
import schemathesis
import trio
from hypothesis import HealthCheck, settings
from requests.auth import AuthBase
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
)

from phonegame.serve import run_server
from phonegame.settings import Settings
from phonegame.twilio.signature import sign
from phonegame.web.doors import SIGNED, is_open
from phonegame.web.openapi import openapi
from tests.fake_rest import open_fake_rest
from tests.in_thread import in_thread
from tests.twilio_side import LOCKS, OPERATOR_KEY, PUBLIC_URL, TOKEN

pytestmark = pytest.mark.slow

TO = "+12025550123"
"""The document's example of a number."""
CARRIER = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_API_KEY": "SK" + "0" * 32,
    "TWILIO_API_SECRET": "planted-api-secret",
    "dial_allow": "+1202",
}
CONFIG = schemathesis.Config.from_dict(
    {
        # keys and signatures are for the test to send
        "generation": {"deterministic": True, "database": "none", "with-security-parameters": False},
        # without a carrier, or where it fails
        "checks": {"not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", "502", "503"]}},
    }
)
# its answer has no end
SCHEMA = schemathesis.openapi.from_dict(openapi(), config=CONFIG).exclude(path="/events")
UNCHECKED = {
    # whether a number can be dialled is more than a schema can tell
    "/call": [positive_data_acceptance],
    # nor whether there is a call, or a file
    "/hangup": [positive_data_acceptance],
    "/static/{name}": [positive_data_acceptance],
    # a request without a handshake is refused before anybody looks for keys
    "/game": [positive_data_acceptance, negative_data_rejection],
    "/twilio": [positive_data_acceptance, negative_data_rejection],
}


@dataclass
class Target:
    url: str
    session: requests.Session
    log: io.StringIO = field(default_factory=io.StringIO)
    tokens: set[str] = field(default_factory=set)
    statuses: set[tuple[str, int]] = field(default_factory=set)

    def asked(self, case: schemathesis.Case[Any], auth: AuthBase | None = None, *, is_locked: bool = True) -> None:
        answer = case.call(self.url, session=self.session, auth=auth)
        unchecked = UNCHECKED.get(case.operation.path, []) + ([] if is_locked else [ignored_auth])
        case.validate_response(answer, excluded_checks=unchecked, transport_kwargs={"auth": auth})
        told = f"{answer.text} {answer.headers}"
        assert "planted" not in told
        assert "Traceback" not in told
        assert "phonegame/" not in told
        self.tokens.update(re.findall(r'name="token" value="([^"]+)"', told))
        self.statuses.add((case.operation.path, answer.status_code))


@asynccontextmanager
async def served(**values: Any) -> AsyncIterator[Target]:
    """With a carrier that takes every call, which nobody answers."""
    stop = trio.Event()
    async with open_fake_rest() as rest, trio.open_nursery() as nursery:
        rest.answers(201, {"sid": "CA" + "0" * 32, "status": "queued"})
        values = {"DEEPGRAM_API_KEY": "planted-deepgram-key", "TWILIO_API_URL": rest.url, "voice": "none", **values}
        known = Settings(_env_file=None, PROXY_URL="127.0.0.1:0", log="json", log_level="debug", **values)
        server = await nursery.start(run_server, known, stop.wait)
        with requests.Session() as session:
            target = Target(server.addresses[0], session)
            copy = logging.StreamHandler(target.log)
            copy.setFormatter(logging.getLogger().handlers[0].formatter)
            # that is where schemathesis works, and says what it sends
            copy.addFilter(lambda record: record.thread != threading.main_thread().ident)
            logging.getLogger().addHandler(copy)
            yield target
            stop.set()


class Entitled(AuthBase):
    """Signs as Twilio what is Twilio's, and has the operator's key for the rest."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        path = request.path_url.partition("?")[0]
        if path in SIGNED:
            body = request.body or b""
            assert isinstance(body, str | bytes)
            text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
            signature = sign(PUBLIC_URL + request.path_url, parse_qsl(text, keep_blank_values=True), TOKEN)
            request.headers["X-Twilio-Signature"] = signature
        elif not is_open(path):
            request.headers["Authorization"] = f"Bearer {OPERATOR_KEY}"
        return request


@pytest.fixture(scope="class")
def unlocked() -> Iterator[Target]:
    with in_thread(served) as target:
        yield target
    check_log(target)


@pytest.fixture(scope="class")
def locked() -> Iterator[Target]:
    with in_thread(lambda: served(**LOCKS, **CARRIER)) as target:
        yield target
    check_log(target)


def check_log(target: Target) -> None:
    text = target.log.getvalue()
    lines = [json.loads(line) for line in text.splitlines()]
    assert "stopping" in [line["event"] for line in lines]
    assert [line for line in lines if line["level"] in ("error", "critical") or "exception" in line] == []
    assert [secret for secret in {"planted", TO, *target.tokens} if secret in text] == []


few = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))


class TestUnlocked:
    @SCHEMA.parametrize()
    @few
    def test_everybody_is_answered_as_documented(self, case: schemathesis.Case[Any], unlocked: Target) -> None:
        unlocked.asked(case, is_locked=False)


class TestLocked:
    @SCHEMA.parametrize()
    @few
    def test_whoever_may_is_answered_as_documented(self, case: schemathesis.Case[Any], locked: Target) -> None:
        locked.asked(case, Entitled())

    @SCHEMA.parametrize()
    @few
    def test_a_stranger_is_answered_as_documented(self, case: schemathesis.Case[Any], locked: Target) -> None:
        locked.asked(case)

    def test_the_requests_above_get_far_enough(self, locked: Target) -> None:
        """Calls are placed, and refused; streams get their tokens."""
        assert {("/call", 200), ("/call", 400), ("/call", 401), ("/twiml", 200)} <= locked.statuses
        assert len(locked.tokens) > 1
