"""The messages of Deepgram's `/v2/listen`, where the model Flux listens: as far as phonegame sends and reads them.

Source: Deepgram's API reference, "Turn-based Audio (Flux)", and its documentation, "Flux: state", "client messages".
Audio goes out as binary messages, best of 80 ms. A text message that is not one of those below ends the connection:
those of `/v1/listen` do, `KeepAlive` and `Finalize` among them. What keeps it alive is a ping of the websocket.

    Connected --> TurnInfo ... --CloseStream--> TurnInfo of what was heard, no EndOfTurn --> the socket is closed

    StartOfTurn --> Update ... --> [EagerEndOfTurn --> TurnResumed --> Update ...] --> EndOfTurn     (`turn_index` + 1)

An Update comes for every 0.25 s of audio, in silence as well, and for none where no audio comes.
"""

from __future__ import annotations

from typing import Any, Literal, get_args
from urllib.parse import urlsplit

import msgspec

from phonegame.deepgram.messages import CLOSE_STREAM as CLOSE_STREAM
from phonegame.deepgram.messages import LONGEST_SECONDS, ConfigureFailure, ConfigureSuccess, Other
from phonegame.deepgram.messages import configure as configure

FLUX_PATH = "/v2/listen"
FORCE_END_TURN = '{"type":"ForceEndTurn"}'
"""The turn ends with what is known of it; a warning where there is none."""
CHUNK_MS = 80
"""Documentation, "Flux: quickstart": strongly recommended."""
DEFAULT_EOT_TIMEOUT_MS = 5000
"""`eot_timeout_ms`: after so much silence a turn is over, whatever Flux thinks of it."""
MOST_KEYTERMS = 100
LONGEST_KEYTERM = 100
"""Characters. One that is longer has the connection refused."""

Event = Literal["Update", "StartOfTurn", "EagerEndOfTurn", "TurnResumed", "EndOfTurn"]


class FluxWord(msgspec.Struct, frozen=True):
    """Cased and punctuated. The times are newer than the rest, and may be missing."""

    word: str
    confidence: float | None = None
    start: float | None = None
    end: float | None = None


class TurnInfo(msgspec.Struct, frozen=True, tag="TurnInfo"):
    """What Flux has to say of a turn. Times are seconds of audio since the session began."""

    event: str
    """An `Event`, or one that came later."""
    turn_index: float
    audio_window_start: float
    """Where the turn before has ended: silence before this one included."""
    audio_window_end: float
    transcript: str = ""
    """All of the turn so far."""
    words: list[FluxWord] = []
    end_of_turn_confidence: float = 0.0
    trigger: str | None = None
    """With EndOfTurn: `model`, `manual`, `timeout`, or one that came later."""
    request_id: str = ""

    @property
    def is_timed(self) -> bool:
        """Whether there are words, and each with its times."""
        return bool(self.words) and all(word.start is not None and word.end is not None for word in self.words)


class Connected(msgspec.Struct, frozen=True, tag="Connected"):
    """The first message."""


class Warned(msgspec.Struct, frozen=True, tag="Warning"):
    """Something was not done; all goes on."""

    code: str = ""
    description: str = ""


class FatalError(msgspec.Struct, frozen=True, tag="Error"):
    """The last message: the socket is closed behind it. `UNPARSABLE_CLIENT_MESSAGE`, for example."""

    code: str = ""
    description: str = ""


Known = TurnInfo | Connected | ConfigureSuccess | ConfigureFailure | Warned | FatalError
FluxMessage = Known | Other

_KNOWN_TAGS = frozenset(known.__struct_config__.tag for known in get_args(Known))
_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Known)
_type_decoder = msgspec.json.Decoder(Other)


def is_flux(url: str) -> bool:
    """Whether DEEPGRAM_URL leads to Flux. What stands before the path may be a proxy's."""
    return urlsplit(url).path.rstrip("/").endswith(FLUX_PATH)


def parse(text: str | bytes) -> FluxMessage | None:
    """One message; None for what is none (no JSON object, a known type in a wrong shape, an impossible time)."""
    try:
        message: FluxMessage = _decoder.decode(text)
    except (msgspec.ValidationError, UnicodeError):
        return _parse_other(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return message if not isinstance(message, TurnInfo) or _has_possible_times(message) else None


def _parse_other(text: str | bytes) -> Other | None:
    try:
        other = _type_decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return None if other.type in _KNOWN_TAGS else other


def _has_possible_times(info: TurnInfo) -> bool:
    times = [info.audio_window_start, info.audio_window_end]
    times += [time for word in info.words for time in (word.start, word.end) if time is not None]
    return all(0 <= time <= LONGEST_SECONDS for time in times)
