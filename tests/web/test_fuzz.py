"""Any request, at every route: it is answered, never by an error of ours, and learns nothing of the inside.

These are requests that no client would make; test_openapi_fuzz.py makes those that the document speaks of.
"""

from __future__ import annotations

import functools
from typing import Any
from urllib.parse import urlencode

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from quart_trio import QuartTrio

from phonegame.app import create_app
from phonegame.settings import Settings
from phonegame.web.doors import GAME_PAGES, OPEN, SIGNED
from tests.twilio_side import LOCKS, OPERATOR_KEY

TEXT = st.text(max_size=30)
FIELDS = st.dictionaries(
    TEXT | st.sampled_from(["CallSid", "From", "To", "CallStatus", "AnsweredBy", "SequenceNumber", "to", "code"]),
    TEXT | st.sampled_from(["CA1", "+12025550147", "anonymous", "completed", "-1", "1e9"]),
    max_size=6,
)
BODIES = st.one_of(
    st.binary(max_size=60),
    FIELDS.map(lambda fields: urlencode(fields, errors="replace").encode()),
    st.recursive(st.none() | st.booleans() | st.integers() | TEXT, lambda inner: st.dictionaries(TEXT, inner)).map(
        lambda value: repr(value).replace("'", '"').encode("utf-8", "replace")
    ),
    st.just(b"&".join([b"a=b"] * 1000)),
    st.just(b"[" * 20_000),
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["Authorization", "Origin", "Accept", "X-Twilio-Signature", "X-Forwarded-For", "Content-Type", "Cookie"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
    | st.sampled_from(["Basic ====", "Bearer", "application/json", "application/x-www-form-urlencoded; charset=x"]),
    max_size=4,
)
METHODS = st.sampled_from(["get", "post", "head", "put", "options", "delete", "patch"])
QUERIES = st.dictionaries(TEXT | st.sampled_from(["key", "call", "bodySHA256"]), TEXT, max_size=3)


KINDS: dict[str, dict[str, Any]] = {"open": {}, "locked": LOCKS}
ASSETS = {"/static/style.css", "/static/nowhere.css", "/static/../app.py", "/static/"}
PATHS = sorted(OPEN | SIGNED | GAME_PAGES | ASSETS | {"/", "/call", "/hangup", "/metrics", "/nowhere", "/twiml/", "//"})
ENDLESS = {"/events"}
"""Its answer would be waited for: test_live.py has it."""


@functools.cache
def app(kind: str) -> QuartTrio:
    values = KINDS[kind]
    return create_app(Settings(_env_file=None, DEEPGRAM_API_KEY="key", voice="none", log_level="error", **values))


def test_every_route_is_tried() -> None:
    rules = {rule.rule.replace("<path:name>", "style.css") for rule in app("open").url_map.iter_rules()}
    assert rules <= set(PATHS) | ENDLESS


many = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check(status: int, text: str) -> None:
    # 503: this server cannot place calls, and says so
    assert status < 500 or (status == 503 and "no_carrier" in text)
    assert "Traceback" not in text
    assert "phonegame/" not in text
    assert "planted" not in text


@pytest.mark.parametrize("kind", KINDS)
@many
@given(METHODS, st.sampled_from(PATHS), QUERIES, HEADERS, BODIES)
def test_a_stranger_s_request_is_answered(
    kind: str, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes
) -> None:
    async def request() -> None:
        target = f"{path}?{urlencode(query, errors='replace')}"
        client = app(kind).test_client()
        answer = await getattr(client, method)(target, headers=headers, data=body)
        check(answer.status_code, await answer.get_data(as_text=True))

    trio.run(request)


@many
@given(BODIES, st.sampled_from(["application/json", "application/x-www-form-urlencoded"]))
def test_whatever_the_operator_sends_is_answered(body: bytes, kind: str) -> None:
    async def request() -> None:
        headers = {"Authorization": f"Bearer {OPERATOR_KEY}", "Content-Type": kind}
        answer = await app("locked").test_client().post("/call", headers=headers, data=body)
        check(answer.status_code, await answer.get_data(as_text=True))

    trio.run(request)
