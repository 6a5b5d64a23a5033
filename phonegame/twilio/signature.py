"""X-Twilio-Signature: which requests are Twilio's.

Source: Twilio's documentation, "Security" (usage/security) and "Webhooks security". Twilio signs the address as it
knows it, which behind a tunnel or a proxy is not the one that the server sees: so it is put together from the public
address and what comes behind it, still percent-encoded. Which key signs is never taken from the request.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import parse_qs, urlsplit

SIGNATURE_HEADER = b"x-twilio-signature"

Pairs = Iterable[tuple[str, str]]

_DEFAULT_PORTS = {"https": 443, "http": 80, "wss": 443, "ws": 80}
_WEBSOCKET_SCHEMES = {"https": "wss", "http": "ws"}


def sign(url: str, params: Mapping[str, str] | Pairs, token: str) -> str:
    """`params`: a form's fields, none for a websocket, a GET or a body of another kind."""
    digest = hmac.new(token.encode(), _signed_text(url, params).encode("utf-8", "surrogatepass"), hashlib.sha1)
    return base64.b64encode(digest.digest()).decode("ascii")


def _signed_text(url: str, params: Mapping[str, str] | Pairs) -> str:
    pairs = params.items() if isinstance(params, Mapping) else params
    # a value that comes twice under one name counts once
    return url + "".join(name + value for name, value in sorted(set(pairs)))


def is_genuine(
    signature: str | None,
    *,
    public_url: str,
    path: str,
    query: str = "",
    form: Pairs = (),
    body: bytes = b"",
    token: str,
    websocket: bool = False,
) -> bool:
    """Whether Twilio has signed this request. Never raises.

    `public_url` is the server's address without a slash at the end; `path` and `query` are as they came, not decoded.
    `body` is asked for only where the query has its hash, as with JSON. Twilio leaves ports out, or not, and may sign
    a websocket's address with a slash at its end: every form that it documents is taken.
    """
    if not signature or not token:
        return False
    if body_hash := _query_value(query, "bodySHA256"):
        if not _equal(hashlib.sha256(body).hexdigest(), body_hash.lower()):
            return False
        form = ()
    pairs = list(form)
    address = path + (f"?{query}" if query else "")
    return any(_equal(sign(url, pairs, token), signature) for url in _variants(public_url, address, websocket))


def _variants(public_url: str, address: str, websocket: bool) -> Iterator[str]:
    try:
        parts = urlsplit(public_url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return
    if not host or parts.scheme not in _DEFAULT_PORTS:
        return
    scheme = _WEBSOCKET_SCHEMES.get(parts.scheme, parts.scheme) if websocket else parts.scheme
    # the case of the host is that of the address which Twilio was given
    netloc = parts.netloc.rpartition("@")[2]
    bare = netloc.removesuffix(f":{port}") if port is not None else netloc
    addresses = [address.rstrip("/"), address.rstrip("/") + "/"] if websocket else [address]
    for place in dict.fromkeys([netloc, bare, f"{bare}:{port or _DEFAULT_PORTS[scheme]}"]):
        for each in addresses:
            yield f"{scheme}://{place}{parts.path}{each}"


def _query_value(query: str, name: str) -> str | None:
    try:
        return parse_qs(query).get(name, [None])[0]
    except ValueError:
        return None


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
