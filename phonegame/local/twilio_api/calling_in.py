"""The beginning of a call to a number: its voice webhook is asked what to do, and answers with a media stream."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from urllib.parse import urljoin

from phonegame.local.phone.errors import DialError, NoHandshakeError, RejectedError
from phonegame.local.phone.outgoing import Identity
from phonegame.local.twilio_api import twiml
from phonegame.local.twilio_api.call import API_VERSION
from phonegame.local.twilio_api.config import ACCOUNT_SID, AUTH_TOKEN, NUMBER
from phonegame.local.twilio_api.fetch import FetchError, Signed, fetch

ANONYMOUS = "anonymous"
"""What Twilio has for a caller who withholds their number."""


@dataclass(frozen=True, slots=True)
class Connection:
    """For `place_call`. `said`: what Twilio itself would say first; nobody says it here."""

    url: str
    identity: Identity
    auth_token: str | None = field(repr=False)
    said: tuple[str, ...] = ()


async def ask_webhook(
    url: str,
    caller: str | None = None,
    *,
    account_sid: str | None = None,
    auth_token: str | None = None,
    ssl_context: ssl.SSLContext | None = None,
) -> Connection:
    """Asks as Twilio does, signed; as the local carrier's account, where none is given. Raises DialError."""
    identity = Identity(account_sid=account_sid or ACCOUNT_SID)
    caller = caller or ANONYMOUS
    form = [
        ("AccountSid", identity.account_sid),
        ("ApiVersion", API_VERSION),
        ("CallSid", identity.call_sid),
        ("CallStatus", "ringing"),
        ("Called", NUMBER),
        ("Caller", caller),
        ("Direction", "inbound"),
        ("From", caller),
        ("To", NUMBER),
    ]
    auth_token = auth_token or AUTH_TOKEN
    try:
        answer = await fetch(Signed.make("POST", url, form, auth_token), auth_token, ssl_context)
        twiml.check_content_type(answer.content_type)
        document = twiml.parse(answer.body)
    except FetchError as error:
        raise _in_words(url, error) from error
    except twiml.TwimlError as error:
        raise NoHandshakeError(url, f"not with TwiML: {error}") from error
    return _connection(url, identity, auth_token, document)


def _in_words(url: str, error: FetchError) -> DialError:
    if error.status is not None:
        return RejectedError(url, error.status)
    if isinstance(error.__cause__, DialError):
        return error.__cause__
    return DialError(f"cannot call {url}: {error}")


def _connection(url: str, identity: Identity, auth_token: str, document: twiml.Document) -> Connection:
    said: list[str] = []
    for verb in document.verbs:
        match verb:
            case twiml.Connect(stream=stream):
                identity = Identity(identity.account_sid, identity.call_sid, parameters=stream.parameters)
                return Connection(urljoin(url, stream.url), identity, auth_token, tuple(said))
            case twiml.Say(text):
                said.append(text)
            case _:
                pass
    last_words = f": {' '.join(said)}" if said else ""
    raise NoHandshakeError(url, f"does not connect the call{last_words}")
