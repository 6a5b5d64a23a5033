"""What a client asks for when it opens `/v1/listen`, checked as Deepgram checks it.

Stricter than Deepgram in one point: a parameter that Deepgram does not list is refused, so that a slip of the
pen in a URL shows at once. No I/O in here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from phonegame.local.speech.parameters import BadParameterError, Given, boolean, check_tags, grouped, single, whole
from phonegame.local.speech.refusals import BAD_QUERY
from phonegame.local.speech.refusals import Refusal as Refusal

DEFAULT_ENDPOINTING_MS = 10
KEYTERM_TOKENS = 500  # over all keyterms (docs: keyterm)
CHARACTERS_PER_TOKEN = 4  # our estimate: Deepgram does not say which tokenizer it counts with
KEYWORDS_LIMIT = 100
EXTRA_LENGTH = 2048

_NOVA_2 = "general meeting phonecall voicemail finance conversationalai video medical drivethru automotive atc"
_OLDER = "general meeting phonecall voicemail finance conversationalai video"
MODELS = frozenset(
    ["nova-3", "nova-3-general", "nova-3-medical", "nova-2", "nova", "nova-general", "nova-phonecall"]
    + ["enhanced", "base"]
    + [f"nova-2-{use}" for use in _NOVA_2.split()]
    + [f"{family}-{use}" for family in ("enhanced", "base") for use in _OLDER.split()]
)
DECODED = frozenset({"mulaw", "alaw", "linear16"})
NOT_DECODED = frozenset({"linear32", "flac", "opus", "ogg-opus", "amr-nb", "amr-wb", "speex", "g729"})
RATES = range(8000, 48001)

BOOLEANS = frozenset(
    {
        *("interim_results", "vad_events", "punctuate", "numerals", "smart_format", "no_delay", "filler_words"),
        *("profanity_filter", "diarize", "multichannel", "mip_opt_out", "dictation", "detect_entities"),
    }
)
REPEATABLE = frozenset(["keyterm", "keywords", "tag", "extra", "replace", "search", "redact", "language_hint"])
SINGLE = frozenset(
    {
        *("model", "version", "language", "encoding", "sample_rate", "channels", "endpointing", "utterance_end_ms"),
        *("diarize_model", "callback", "callback_method"),
    }
)


@dataclass(frozen=True, slots=True)
class ListenOptions:
    """What this connection was asked to do. `encoding` None: a container was announced, which is never decoded here."""

    model: str = "base-general"
    language: str = "en"
    encoding: str | None = None
    sample_rate: int = 8000
    channels: int = 1
    interim_results: bool = False
    endpointing_ms: int | None = DEFAULT_ENDPOINTING_MS
    utterance_end_ms: int | None = None
    vad_events: bool = False
    punctuate: bool = False
    numerals: bool = False
    smart_format: bool = False
    keyterms: tuple[str, ...] = ()

    @property
    def takes_keyterms(self) -> bool:
        return self.model.startswith("nova-3")


def parse_query(query: str) -> ListenOptions | Refusal:
    """The part of the URL after `?` -> options, or the first thing that is wrong with it."""
    try:
        return _options(grouped(query, known=BOOLEANS | REPEATABLE | SINGLE, repeatable=REPEATABLE))
    except BadParameterError as error:
        return Refusal(400, BAD_QUERY, str(error))


def count_tokens(keyterms: tuple[str, ...]) -> int:
    words = [word for keyterm in keyterms for word in keyterm.split()]
    return sum(-(-len(word) // CHARACTERS_PER_TOKEN) for word in words)


def _options(given: Given) -> ListenOptions:
    flags = {name: boolean(name, given) for name in BOOLEANS}
    model = _model(given)
    encoding, sample_rate, channels = _audio(given)
    if flags["multichannel"]:
        raise BadParameterError("'multichannel' is not offered by this local speech service.")
    utterance_end_ms = _utterance_end(given, flags["interim_results"])
    _check_extras(given)
    return ListenOptions(
        model=model,
        language=_language(given),
        encoding=encoding,
        sample_rate=sample_rate,
        channels=channels,
        interim_results=flags["interim_results"],
        endpointing_ms=_endpointing(given),
        utterance_end_ms=utterance_end_ms,
        vad_events=flags["vad_events"],
        punctuate=flags["punctuate"] or flags["smart_format"],
        numerals=flags["numerals"],
        smart_format=flags["smart_format"],
        keyterms=_keyterms(given, model),
    )


def _model(given: Given) -> str:
    model = single("model", given)
    if model is None:
        return "base-general"
    if model not in MODELS:
        raise BadParameterError(f"No such model/language/tier combination found: '{model}'.")
    return model


def _language(given: Given) -> str:
    language = single("language", given) or "en"
    if not re.fullmatch(r"multi|[a-z]{2,3}(-[A-Za-z0-9]{2,4})*", language):
        raise BadParameterError(f"No such model/language/tier combination found: '{language}'.")
    return language


def _audio(given: Given) -> tuple[str | None, int, int]:
    encoding, rate = single("encoding", given), single("sample_rate", given)
    channels = whole("channels", single("channels", given) or "1")
    if encoding is None:
        return None, 8000, 1  # `channels` is read only together with `encoding` (docs: channels)
    if encoding in NOT_DECODED:
        raise BadParameterError(f"'encoding={encoding}' is not offered by this local speech service.")
    if encoding not in DECODED:
        raise BadParameterError(f"Unsupported encoding '{encoding}'.")
    if rate is None:
        raise BadParameterError("'sample_rate' is required when 'encoding' is given.")
    if whole("sample_rate", rate) not in RATES:
        raise BadParameterError(f"Unsupported sample rate '{rate}'.")
    if channels not in (1, 2):
        raise BadParameterError("'channels' must be 1 or 2 for this local speech service.")
    return encoding, int(rate), channels


def _endpointing(given: Given) -> int | None:
    value = single("endpointing", given)
    if value in (None, "true"):
        return DEFAULT_ENDPOINTING_MS
    return None if value == "false" else whole("endpointing", str(value))


def _utterance_end(given: Given, interim_results: bool) -> int | None:
    value = single("utterance_end_ms", given)
    if value is None:
        return None
    if not interim_results:
        raise BadParameterError("'utterance_end_ms' needs 'interim_results=true'.")
    if not 1000 <= whole("utterance_end_ms", value) <= 5000:
        raise BadParameterError("'utterance_end_ms' must be from 1000 to 5000.")
    return int(value)


def _keyterms(given: Given, model: str) -> tuple[str, ...]:
    """A weight or a comma is no fault: as at Deepgram, the whole string is then one term that nobody says."""
    keyterms = tuple(given.get("keyterm", ()))
    nova_3 = model.startswith("nova-3")
    if keyterms and not nova_3:
        raise BadParameterError("'keyterm' is supported by nova-3 models only: use 'keywords'.")
    if "keywords" in given and nova_3:
        raise BadParameterError("'keywords' is not supported by nova-3 models: use 'keyterm'.")
    if len(given.get("keywords", ())) > KEYWORDS_LIMIT:
        raise BadParameterError(f"At most {KEYWORDS_LIMIT} 'keywords' are supported.")
    if any(not keyterm.strip() for keyterm in keyterms):
        raise BadParameterError("'keyterm' must not be empty.")
    if count_tokens(keyterms) > KEYTERM_TOKENS:
        raise BadParameterError(f"Keyterm limit exceeded: at most {KEYTERM_TOKENS} tokens over all keyterms.")
    return keyterms


def _check_extras(given: Given) -> None:
    check_tags(given)
    for extra in given.get("extra", ()):
        if ":" not in extra or len(extra) > EXTRA_LENGTH:
            raise BadParameterError(f"'extra' must be key:value of at most {EXTRA_LENGTH} characters.")
