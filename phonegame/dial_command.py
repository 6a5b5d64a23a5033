"""`phonegame dial`: asks a running server to ring somebody up, and shows what becomes of it."""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import click
from pydantic import Field, ValidationError

from phonegame.server_address import DEFAULT_ADDRESS, server_url
from phonegame.settings import Settings
from phonegame.twilio_settings import TwilioSettings

REQUEST_SECONDS = 30
"""The server waits for the carrier, which may be slow."""
LOOK_SECONDS = 0.5
"""Between two looks at how the call goes."""
FAILED_LOOKS = 10
"""One after the other, before there is no more looking. Twilio shows a call some time after it has taken the order."""
OVER = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
PUT_THROUGH = "completed"
INTERRUPTED = 130
"""The exit status that a shell gives to what Ctrl-C has ended."""


class DialSettings(TwilioSettings):
    """The server's, as far as they are needed to ask it for a call: Deepgram's key, for one, is not."""

    model_config = Settings.model_config

    proxy_url: str = Field(DEFAULT_ADDRESS, validation_alias="PROXY_URL")
    cert_pem: str = Field("", validation_alias="CERT_PEM")


_NO_USE = frozenset([401, 403])
"""Asking again would be."""


class AskError(Exception):
    """A server gives another answer than the one that was asked for, or none: then `status` is None."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


@click.command()
@click.argument("number")
@click.option("--code", help="Patch the call straight into the game with this code.")
@click.option("--greeting", help="Said first, when the call is answered.")
@click.option("--server", metavar="URL", help="Where phonegame runs.  [default: where PROXY_URL says]")
@click.option("--key", help="The operator's key.  [default: PHONEGAME_OPERATOR_KEY]")
@click.pass_context
def dial(
    ctx: click.Context, number: str, code: str | None, greeting: str | None, server: str | None, key: str | None
) -> None:
    """Ring NUMBER up, such as +15551230001, and show what becomes of it.

    The server that runs places the call. How it goes on is read at the carrier (TWILIO_API_URL), where its account is
    set here too; Ctrl-C ends the showing, and not the call.

    Exit status: 0 the call was answered, 1 it was not, or not placed, 130 it has not been watched to its end.
    """
    settings = _settings()
    order = {"to": number, "code": code, "greeting": greeting}
    try:
        call_sid = _place(server or _server_url(settings), key or settings.operator_key.get_secret_value(), order)
        click.echo(f"calling, {call_sid}")
        ctx.exit(_show(settings, call_sid))
    except AskError as error:
        raise click.ClickException(str(error)) from None


def _settings() -> DialSettings:
    try:
        return DialSettings()
    except ValidationError as error:
        # not the text of pydantic's, which quotes what was given: it may be a secret
        faults = [
            f"{_variable(fault['loc'][0])}: {fault['msg'].removeprefix('Value error, ')}" for fault in error.errors()
        ]
        raise click.ClickException("\n".join(faults)) from None


def _variable(place: object) -> str:
    """Fields with an alias are named by it, the others by themselves."""
    name = str(place)
    return name if name.isupper() else f"PHONEGAME_{name.upper()}"


def _server_url(settings: DialSettings) -> str:
    return server_url(settings.proxy_url, tls=bool(settings.cert_pem))


def _place(server: str, key: str, order: dict[str, str | None]) -> str:
    """Raises AskError."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
    body = json.dumps({name: value for name, value in order.items() if value}).encode()
    answer = _ask("phonegame", f"{server.rstrip('/')}/call", headers, body)
    call_sid = answer.get("callSid")
    if not isinstance(call_sid, str):
        raise AskError(f"{server} answers, but not as phonegame does")
    return call_sid


def _show(settings: DialSettings, call_sid: str) -> int:
    """The exit status. Raises AskError."""
    if not settings.twilio_account_sid:
        click.echo("TWILIO_ACCOUNT_SID is not set here: see what becomes of the call where its carrier shows it")
        return 0
    status = ""
    try:
        for call in _look(settings, call_sid):
            if call.get("status") != status:
                status = str(call.get("status"))
                click.echo(_sentence(call))
    except KeyboardInterrupt:
        click.echo("not watched any more; the call goes on")
        return INTERRUPTED
    except AskError as error:
        raise AskError(f"the call is placed, and what becomes of it cannot be shown: {error}") from None
    return 0 if status == PUT_THROUGH else 1


def _sentence(call: dict[str, Any]) -> str:
    parts = [str(call.get("status"))]
    if call.get("answered_by"):
        parts.append(f"answered by: {call['answered_by']}")
    if call.get("status") in OVER:
        parts.append(f"{call.get('duration') or 0} s")
    return ", ".join(parts)


def _look(settings: DialSettings, call_sid: str) -> Iterator[dict[str, Any]]:
    """The call at the carrier, again and again until it is over. Raises AskError when it cannot be seen for long."""
    secret = settings.twilio_api_secret.get_secret_value() or settings.twilio_auth_token.get_secret_value()
    user = settings.twilio_api_key or settings.twilio_account_sid
    headers = {"Authorization": "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()}
    path = f"/2010-04-01/Accounts/{settings.twilio_account_sid}/Calls/{call_sid}.json"
    failed = 0
    while True:
        try:
            call = _ask("the carrier", settings.twilio_api_url + path, headers)
        except AskError as error:
            failed += 1
            if failed == FAILED_LOOKS or error.status in _NO_USE:
                raise
        else:
            failed = 0
            yield call
            if call.get("status") in OVER:
                return
        time.sleep(LOOK_SECONDS)


def _ask(whom: str, url: str, headers: dict[str, str], body: bytes | None = None) -> dict[str, Any]:
    """Raises AskError, in the server's own words where it has some."""
    if not url.startswith(("http://", "https://")):
        raise AskError(f"{url} is no web address; it must start with http:// or https://")
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - checked above
    try:
        with urllib.request.urlopen(request, timeout=REQUEST_SECONDS) as response:  # noqa: S310 - checked above
            answer = json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            raise AskError(f"{whom} answers {error.code}: {_words(error.read())}", error.code) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise AskError(f"{whom} does not answer at {url}: {reason}") from None
    if not isinstance(answer, dict):
        raise AskError(f"{whom} answers with something else than was asked for")
    return answer


def _words(body: bytes) -> str:
    text = body.decode(errors="replace")
    try:
        content = json.loads(text)
    except ValueError:
        return text.strip()[:500]
    fault = content.get("error", content.get("message")) if isinstance(content, dict) else None
    return str(fault or text)[:500]
