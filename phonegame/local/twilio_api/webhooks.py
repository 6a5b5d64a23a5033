"""The carrier's requests to its customer's server, signed and remembered."""

from __future__ import annotations

import ssl
from collections import deque
from dataclasses import dataclass

import trio

from phonegame.local.twilio_api.bulletin import Bulletin
from phonegame.local.twilio_api.config import KEPT
from phonegame.local.twilio_api.fetch import Fetched, FetchError, Form, Method, Signed, fetch


@dataclass(slots=True)
class Webhook:
    """One request. `event`: what it is about, such as "ringing", "amd", "voice", "stream-started".

    `status` is None until it is answered, and stays so where it never is; `fault` says why.
    """

    at: float
    event: str
    call_sid: str
    request: Signed
    status: int | None = None
    fault: str = ""
    body: bytes = b""

    @property
    def fields(self) -> dict[str, str]:
        return dict(self.request.form)


class Webhooks:
    def __init__(self, auth_token: str, ssl_context: ssl.SSLContext | None, bulletin: Bulletin) -> None:
        self.sent: deque[Webhook] = deque(maxlen=KEPT)
        """Oldest first."""
        self._auth_token = auth_token
        self._ssl_context = ssl_context
        self._bulletin = bulletin

    async def send(self, event: str, call_sid: str, method: Method, url: str, form: Form) -> Fetched:
        """Raises FetchError."""
        webhook = Webhook(trio.current_time(), event, call_sid, Signed.make(method, url, form, self._auth_token))
        self.sent.append(webhook)
        self._bulletin.notify()
        try:
            fetched = await fetch(webhook.request, self._auth_token, self._ssl_context)
        except FetchError as error:
            webhook.fault = str(error)
            raise
        else:
            webhook.status, webhook.body = fetched.status, fetched.body
        finally:
            self._bulletin.notify()
        return fetched
