from __future__ import annotations

import pytest

from phonegame.deepgram.failures import DeepgramFailure, closed, refusal, unreachable

BODY = b'{"err_code":"INVALID_AUTH","err_msg":"Invalid credentials.","request_id":"abc"}'


@pytest.mark.parametrize(
    ("status", "setting", "passing"),
    [
        (400, "DEEPGRAM_URL", False),
        (401, "DEEPGRAM_API_KEY", False),
        (402, "DEEPGRAM_API_KEY", False),
        (403, "DEEPGRAM_API_KEY", False),
        (404, "DEEPGRAM_URL", False),
        (429, "DEEPGRAM_API_KEY", True),
    ],
)
def test_a_refusal_names_the_setting_and_whether_to_try_again(status: int, setting: str, passing: bool) -> None:
    failure = refusal(status, [], None)
    assert setting in str(failure)
    assert f"HTTP {status}" in str(failure)
    assert failure.passing is passing
    assert failure.status == status


@pytest.mark.parametrize(("status", "passing"), [(302, False), (405, False), (408, True), (500, True), (503, True)])
def test_a_status_without_a_meaning_of_its_own(status: int, passing: bool) -> None:
    failure = refusal(status, [], None)
    assert str(failure) == f"Deepgram did not accept the connection (HTTP {status})"
    assert failure.passing is passing


def test_deepgram_s_own_reason_is_in_a_header() -> None:
    failure = refusal(401, [(b"DG-Error", b"INVALID_AUTH: No."), (b"dg-request-id", b"52cc")], BODY)
    assert failure.details == "HTTP 401, INVALID_AUTH: No., request 52cc"
    assert str(failure).endswith(f"({failure.details})")


def test_or_in_the_body() -> None:
    assert str(refusal(401, [], BODY)).endswith("(HTTP 401, INVALID_AUTH: Invalid credentials.)")


@pytest.mark.parametrize("body", [None, b"", b"<html>", b"[]", b"7", b"null", b"{}", b"\xff", b"[" * 100_000])
def test_a_body_that_gives_no_reason_does_no_harm(body: bytes | None) -> None:
    assert str(refusal(500, [], body)) == "Deepgram did not accept the connection (HTTP 500)"


def test_a_reason_is_cut_where_it_gets_long() -> None:
    assert len(str(refusal(500, [(b"dg-error", b"x" * 10_000), (b"dg-request-id", b"x" * 10_000)], None))) < 400
    assert len(str(closed(1011, "x" * 10_000))) < 400
    assert len(str(unreachable(OSError("x" * 10_000)))) < 400


def test_unreachable_names_the_setting_and_the_cause() -> None:
    error = OSError("all attempts failed")
    error.__cause__ = ConnectionRefusedError(111, "Connection refused")
    failure = unreachable(error)
    assert "DEEPGRAM_URL" in str(failure)
    assert "ConnectionRefusedError" in str(failure)
    assert failure.passing


def test_unreachable_names_an_error_of_many_addresses_plainly() -> None:
    error = OSError("all attempts failed")
    error.__cause__ = ExceptionGroup("attempts", [ConnectionRefusedError(111, "Connection refused")])
    assert "(ConnectionRefusedError: [Errno 111] Connection refused)" in str(unreachable(error))


@pytest.mark.parametrize("reason", [None, "", "NET-0001: nothing came"])
def test_a_close_gives_code_and_reason_and_may_be_tried_again(reason: str | None) -> None:
    failure = closed(1011, reason)
    assert str(failure) == f"Deepgram closed the connection (code 1011, {reason or 'no reason'})"
    assert failure.passing


def test_a_close_for_bad_data_will_not_pass() -> None:
    failure = closed(1008, "DATA-0000: no audio")
    assert "(code 1008, DATA-0000: no audio)" in str(failure)
    assert "DEEPGRAM_URL" in str(failure)
    assert not failure.passing


@pytest.mark.parametrize("reason", [None, "DATA-0001: audio came too fast", "Policy violation"])
def test_another_close_for_what_was_sent_says_so_and_may_pass(reason: str | None) -> None:
    failure = closed(1008, reason)
    assert str(failure) == f"Deepgram closed the connection (code 1008, {reason or 'no reason'})"
    assert failure.passing


KEY = "planted0deepgram0key0"
ECHO = f"Token {KEY}, {'x' * 170}{KEY}"
"""The second one lies where the text is cut."""


@pytest.mark.parametrize(
    "failure",
    [
        refusal(401, [(b"dg-error", ECHO.encode()), (b"dg-request-id", ECHO[-64:].encode())], None, key=KEY),
        refusal(401, [], f'{{"err_code":"{KEY}","err_msg":"{ECHO}"}}'.encode(), key=KEY),
        unreachable(OSError(ECHO), key=KEY),
        closed(1011, ECHO, key=KEY),
        closed(1008, ECHO, key=KEY),
    ],
)
def test_a_key_that_the_other_side_repeats_is_not_shown(failure: DeepgramFailure) -> None:
    assert KEY[:8] not in str(failure)
    assert "[the key]" in str(failure)
