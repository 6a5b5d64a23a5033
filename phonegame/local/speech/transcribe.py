"""What was said in a finished recording, by a speech service over its websocket: the local one, or Deepgram itself."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit

import trio

from phonegame.audio import BYTES_PER_MS, BYTES_PER_SECOND, SILENCE
from phonegame.deepgram.failures import DeepgramFailure
from phonegame.deepgram.messages import Metadata, Results, parse
from phonegame.listen.session import Session, open_session

OPTIONS = {"model": "nova-3", "encoding": "mulaw", "sample_rate": "8000", "channels": "1", "endpointing": "300"}
SPEED = 1.2
"""Times real time; Deepgram takes no more than 1.25, and so does the local service unless it is told otherwise."""
CHUNK_MS = 100
LAST_RESULT_SECONDS = 15.0


async def transcribe(url: str, key: str, mulaw: bytes, keyterms: Sequence[str] = (), *, speed: float = SPEED) -> str:
    """The words of the recording (8 kHz mu-law), one line an utterance; "" when nothing was understood.

    `url` is that of `/v1/listen`, and what its query says is replaced. `keyterms` are what may have been said: the
    local service understands numbers and little else. Takes the recording's length divided by `speed`, and a moment.
    Raises DeepgramFailure when the service refuses, goes away or does not come to an end.
    """
    audio = mulaw + SILENCE * BYTES_PER_SECOND  # so that the last words are final
    lines: list[str] = []
    async with open_session(_with_query(url, keyterms), key) as session, trio.open_nursery() as nursery:
        nursery.start_soon(_send, session, audio, speed)
        with trio.move_on_after(len(audio) / BYTES_PER_SECOND / speed + LAST_RESULT_SECONDS) as patience:
            await _receive(session, lines)
        nursery.cancel_scope.cancel()
    if patience.cancelled_caught:
        raise DeepgramFailure("the speech service did not finish the recording in time", passing=True)
    return "\n".join(lines)


async def _send(session: Session, audio: bytes, speed: float) -> None:
    await trio.lowlevel.checkpoint()
    began = trio.current_time()
    with contextlib.suppress(DeepgramFailure):  # `_receive` gets to know it too
        for start in range(0, len(audio), CHUNK_MS * BYTES_PER_MS):
            await trio.sleep_until(began + start / BYTES_PER_SECOND / speed)
            await session.send_audio(audio[start : start + CHUNK_MS * BYTES_PER_MS])
        await session.send_text('{"type":"CloseStream"}')


async def _receive(session: Session, lines: list[str]) -> None:
    """Up to the Metadata, which is the last message."""
    words: list[str] = []
    while not isinstance(message := parse(await session.receive()), Metadata):
        if not isinstance(message, Results) or not message.is_final:
            continue
        words += [text] if (text := message.best.transcript) else []
        if message.speech_final and words:
            lines.append(" ".join(words))
            words = []
    lines += [" ".join(words)] if words else []


def _with_query(url: str, keyterms: Sequence[str]) -> str:
    query = urlencode([*OPTIONS.items(), *(("keyterm", keyterm) for keyterm in keyterms)])
    return urlsplit(url)._replace(query=query).geturl()
