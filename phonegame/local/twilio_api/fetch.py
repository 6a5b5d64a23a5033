"""A webhook request as Twilio makes it: what it sends, how long it waits, what it takes for a failure.

Source: Twilio's documentation, usage/security (what is signed), usage/webhooks/webhooks-connection-overrides (times)
and the error dictionary.
"""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import urlencode, urljoin, urlsplit

import h11
import trio

from phonegame.local.phone import dial
from phonegame.local.phone.errors import DialError
from phonegame.twilio.signature import sign

CONNECT_SECONDS = 5.0
CONNECT_ATTEMPTS = 2
"""By default a connection that fails is tried once more; what has been sent is not sent again."""
TOTAL_SECONDS = 15.0
MAX_REDIRECTS = 10
MAX_BODY = 64 * 1024
_RECEIVE_BYTES = 16_384
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

Form: TypeAlias = Sequence[tuple[str, str]]
Method: TypeAlias = Literal["GET", "POST"]


class FetchError(Exception):
    """With the code of Twilio's debugger, and the status of an answer that is none to be used."""

    def __init__(self, code: int, why: str, status: int | None = None) -> None:
        super().__init__(why)
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True)
class Fetched:
    """`signature`: what the first request was signed with."""

    status: int
    content_type: str
    body: bytes
    location: str = ""


@dataclass(frozen=True, slots=True)
class Signed:
    """A request that is ready to be sent. The form of a GET is in its URL."""

    method: Method
    url: str
    form: Form
    signature: str

    @classmethod
    def make(cls, method: Method, url: str, form: Form, auth_token: str) -> Signed:
        """Raises FetchError."""
        url = url.partition("#")[0]
        if method == "GET" and form:
            url += ("&" if "?" in url else "?") + urlencode(form)
            form = ()
        return cls(method, url, form, sign(signed_url(url), form, auth_token))


def signed_url(url: str) -> str:
    """Without user and password, and with `https` without the port. Raises FetchError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise FetchError(11100, f"invalid URL: {error}") from None
    host = parts.netloc.rpartition("@")[2]
    if parts.scheme == "https" and port is not None:
        host = host.removesuffix(f":{port}")
    return parts._replace(netloc=host).geturl()


async def fetch(request: Signed, auth_token: str, ssl_context: ssl.SSLContext | None) -> Fetched:
    """Follows redirects, each signed anew and asked for by GET. Raises FetchError, for a status of 400 and more too."""
    try:
        with trio.fail_after(TOTAL_SECONDS):
            for _ in range(MAX_REDIRECTS + 1):
                fetched = await _fetch(request, ssl_context)
                if fetched.status not in _REDIRECTS or not fetched.location:
                    break
                request = Signed.make("GET", urljoin(request.url, fetched.location), (), auth_token)
            else:
                raise FetchError(11215, f"more than {MAX_REDIRECTS} redirects")
    except trio.TooSlowError:
        raise FetchError(11200, f"no answer within {TOTAL_SECONDS:.0f} s") from None
    if not 200 <= fetched.status < 300:
        raise FetchError(11200, f"HTTP {fetched.status}", fetched.status)
    return fetched


async def _fetch(request: Signed, ssl_context: ssl.SSLContext | None) -> Fetched:
    parts = urlsplit(request.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FetchError(11100, "invalid URL: it must be absolute, and http or https")
    secure = parts.scheme == "https"
    resource = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    address = dial.Address(request.url, parts.hostname, parts.port or (443 if secure else 80), secure, resource)
    async with await _connect(address, ssl_context) as stream:
        try:
            return await _exchange(stream, request, address)
        except (h11.RemoteProtocolError, trio.BrokenResourceError) as error:
            raise FetchError(11200, f"no valid answer: {error}") from None


async def _connect(address: dial.Address, ssl_context: ssl.SSLContext | None) -> trio.abc.Stream:
    failure: DialError | trio.TooSlowError | None = None
    for _ in range(CONNECT_ATTEMPTS):
        try:
            with trio.fail_after(CONNECT_SECONDS):
                return await dial.open_stream(address, ssl_context)
        except (DialError, trio.TooSlowError) as error:
            failure = error
    raise FetchError(11205, str(failure) or f"no connection within {CONNECT_SECONDS:.0f} s") from failure


async def _exchange(stream: trio.abc.Stream, request: Signed, address: dial.Address) -> Fetched:
    http = h11.Connection(h11.CLIENT)
    body = urlencode(request.form).encode()
    head = h11.Request(method=request.method, target=address.resource, headers=_headers(request, address, len(body)))
    for event in (head, h11.Data(data=body), h11.EndOfMessage()):
        await stream.send_all(http.send(event) or b"")
    answer: h11.Response | None = None
    received = bytearray()
    while True:
        await trio.lowlevel.checkpoint()
        match http.next_event():
            case h11.Response() as answer:
                pass
            case h11.Data(data=data):
                received += data
                if len(received) > MAX_BODY:
                    raise FetchError(11750, f"an answer of more than {MAX_BODY} bytes")
            case h11.EndOfMessage() if answer is not None:
                break
            case h11.NEED_DATA:
                http.receive_data(bytes(await stream.receive_some(_RECEIVE_BYTES)))
            case h11.InformationalResponse():
                pass
            case other:
                raise h11.RemoteProtocolError(f"{type(other).__name__} in place of an answer")
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in answer.headers}
    return Fetched(answer.status_code, headers.get("content-type", ""), bytes(received), headers.get("location", ""))


def _headers(request: Signed, address: dial.Address, size: int) -> list[tuple[str, str]]:
    headers = [
        ("Host", address.host_header),
        ("User-Agent", "TwilioProxy/1.1"),
        ("Accept", "*/*"),
        ("Connection", "close"),
        ("X-Twilio-Signature", request.signature),
        ("I-Twilio-Idempotency-Token", secrets.token_hex(16)),
    ]
    if request.method == "POST":
        headers += [
            ("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"),
            ("Content-Length", str(size)),
        ]
    return headers
