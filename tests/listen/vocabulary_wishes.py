"""What the tests of a listener's vocabulary share."""

from __future__ import annotations

from phonegame.listen.listener import Listener
from tests.listen.fake_deepgram import FakeSession, make_listener

URL = "wss://api.deepgram.com/v1/listen?model=nova-3&keyterm=own"
REGIONAL_URL = "wss://api.eu.deepgram.com/v1/listen?model=nova-3&keyterm=own"
SUCCESS = '{"type":"ConfigureSuccess","request_id":"x"}'


def failure(code: str) -> str:
    return f'{{"type":"ConfigureFailure","request_id":"x","code":"{code}","description":"No."}}'


def types(session: FakeSession) -> list[str]:
    return [kind for _, kind in session.texts]


def make(refused: list[str], url: str = URL) -> Listener:
    listener = make_listener(url=url)
    listener.on_refused = refused.append
    return listener
