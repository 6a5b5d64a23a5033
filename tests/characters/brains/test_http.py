"""Servers that refuse, fail, or are not there."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import trio

from phonegame.characters.brain import BrainError, BrainRefused
from phonegame.characters.brains import find_brain
from phonegame.local.model import Answer
from tests.characters.brains.asking import ask, text_of
from tests.characters.brains.benches import KEY, ModelBench, every_http

SECRET = "xylophone"


@every_http
@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (Answer(status=401), BrainRefused, "PHONEGAME_MODEL_KEY"),
        (Answer(status=403), BrainRefused, "PHONEGAME_MODEL_KEY"),
        (Answer(status=402), BrainRefused, "credit"),
        (Answer(status=404), BrainRefused, "PHONEGAME_MODEL_URL"),
        (Answer(status=429), BrainRefused, "too many requests"),
        (Answer(status=400), BrainRefused, "does not take"),
        (Answer(status=418), BrainRefused, "418"),
        (Answer(status=413), BrainRefused, "too long"),
        (Answer(redirect="http://elsewhere.example"), BrainRefused, "where it sends"),
        (Answer(status=500), BrainError, "fault"),
        (Answer(status=503), BrainError, "overloaded"),
        (Answer(status=529), BrainError, "overloaded"),
        (Answer(text="a b", error_after=1), BrainError, "reported an error"),
        (Answer(text="a b", cut_after=0), BrainError, "broke off"),
        (Answer(text="a b", cut_after=2), BrainError, "broke off"),
        (Answer(text="a b", garbage_after=1), BrainError, "no reply"),
        (Answer(text="a b", garbage_after=0, garbage="data: [1]\n\n"), BrainError, "no reply"),
        (Answer(text="a b", garbage_after=0, garbage="data: " + "[" * 100_000 + "\n\n"), BrainError, "no reply"),
        (Answer(text="a b", garbage_after=0, garbage="x" * 3_000_000), BrainError, "no reply"),
        (Answer(text="a b", stop="filter"), BrainRefused, "content filter"),
    ],
    ids=lambda value: repr(value)[:70] if isinstance(value, Answer) else "",
)
async def test_a_fault_is_told_in_words_that_help_once_and_without_what_was_said(
    bench: ModelBench, answer: Answer, kind: type[BrainError], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with bench.open(answer) as stage:
        with pytest.raises(BrainError, match=words) as caught:
            await ask(stage.brain, SECRET)
        assert stage.requests.count == 1
        assert text_of(await ask(stage.brain, "again")) == "You said: again"
    assert type(caught.value) is kind
    told = f"{caught.value!r} {caught.value.__cause__} {caplog.text}"
    assert SECRET not in told
    assert KEY not in told


@every_http
async def test_a_wrong_key_is_refused_and_not_shown(bench: ModelBench) -> None:
    async with bench.open(key="another") as stage:
        with pytest.raises(BrainRefused, match="the key is wrong") as caught:
            await ask(stage.brain, "hello")
    assert KEY not in str(caught.value)


@every_http
async def test_an_unknown_model_is_refused(bench: ModelBench) -> None:
    async with bench.open(models=("other",)) as stage:
        with pytest.raises(BrainRefused, match="PHONEGAME_MODEL "):
            await ask(stage.brain, "hello")


@every_http
async def test_a_server_that_is_not_there(bench: ModelBench) -> None:
    listener = trio.socket.socket()
    await listener.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with listener:
        async with find_brain(f"{bench.name}:m", url=url) as brain:
            await brain.warm()
            with pytest.raises(BrainError, match="cannot be reached"):
                await ask(brain, "hello")


@every_http
@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n<html>hi</html>",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 15\r\n\r\n<html>hi</html>",
        b"SSH-2.0-OpenSSH_9.0\r\n",
        b"",
    ],
    ids=["a page", "an object", "no page", "no HTTP", "nothing"],
)
async def test_a_server_of_another_kind(bench: ModelBench, sent: bytes) -> None:
    async def answer(stream: trio.SocketStream) -> None:
        async with stream:
            await stream.receive_some(100_000)
            await stream.send_all(sent)

    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, answer, [listener])
        url = f"http://127.0.0.1:{listener.socket.getsockname()[1]}"
        async with find_brain(f"{bench.name}:m", url=url) as brain:
            with pytest.raises(BrainError):
                await ask(brain, "hello")
        nursery.cancel_scope.cancel()


@every_http
async def test_replies_share_a_connection_which_warming_has_opened(bench: ModelBench) -> None:
    async with bench.open() as stage:
        await stage.brain.warm()  # type: ignore[attr-defined]
        for _ in range(3):
            await ask(stage.brain, "hello")
        assert {asked.connection for asked in stage.requests.kept} == {0}


@every_http
async def test_nothing_is_taken_from_the_environment(bench: ModelBench, monkeypatch: pytest.MonkeyPatch) -> None:
    planted: dict[str, Any] = dict.fromkeys(
        ["OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"], "planted"
    )
    planted |= dict.fromkeys(["OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "HTTP_PROXY", "ALL_PROXY"], "http://127.0.0.1:9")
    planted |= dict.fromkeys(
        ["OPENAI_CUSTOM_HEADERS", "ANTHROPIC_CUSTOM_HEADERS"], "X-A: planted\nAuthorization: planted"
    )
    for name, value in planted.items():
        monkeypatch.setenv(name, value)
    async with bench.open() as stage:
        assert text_of(await ask(stage.brain, "hello")) == "You said: hello"
        headers = (await stage.request(0)).headers
    assert headers["authorization"] == f"Bearer {KEY}"
    assert "planted" not in str({**headers, "authorization": ""})


@every_http
async def test_a_server_without_a_key_is_sent_none(bench: ModelBench) -> None:
    async with bench.open(key=None) as stage:
        url = stage.brain._url  # type: ignore[attr-defined]
        async with find_brain(f"{bench.name}:m", url=url) as brain:
            assert text_of(await ask(brain, "hello")) == "You said: hello"
        assert "authorization" not in (await stage.request(0)).headers
