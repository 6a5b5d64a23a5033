"""The local recogniser for a finished recording, in this process and as fast as it computes: no socket, no service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import trio

from phonegame.audio import BYTES_PER_SECOND, SILENCE
from phonegame.local.speech.heard import Final

ENDPOINTING_MS = 300


async def recognise(mulaw: bytes, phrases: Sequence[str] = (), *, voices: Literal["human", "espeak"] = "human") -> str:
    """As `recognise_blocking`, in a thread."""
    return await trio.to_thread.run_sync(lambda: recognise_blocking(mulaw, phrases, voices=voices))


def recognise_blocking(
    mulaw: bytes, phrases: Sequence[str] = (), *, voices: Literal["human", "espeak"] = "human"
) -> str:
    """8 kHz mu-law -> its words in lower case, one line an utterance; "" when nothing was understood.

    Understands numbers, `phrases`, and nothing else. `voices`: whose speech it is. Takes a tenth of the recording's
    length or so, and on its first use a moment to read the models. Needs the extra `local`.
    """
    # Imported here: the rest of the service needs no pocketsphinx.
    from phonegame.local.speech.sphinx.recogniser import SphinxRecogniser

    recogniser = SphinxRecogniser(ENDPOINTING_MS, keyterms=phrases, voices=voices)
    heard = [*recogniser.feed(mulaw + SILENCE * BYTES_PER_SECOND), *recogniser.finish()]
    lines = [" ".join(word.text for word in event.words) for event in heard if isinstance(event, Final)]
    return "\n".join(line for line in lines if line)
