"""What a client asks for when it opens `/v1/speak`, checked as Deepgram checks it. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from phonegame.local.speech.parameters import BadParameterError, Given, boolean, check_tags, grouped, single, whole
from phonegame.local.speech.refusals import BAD_QUERY, Refusal
from phonegame.local.speech.speaking.aura import DEFAULT_MODEL, MODELS, language_of

Encoding = Literal["linear16", "mulaw", "alaw"]
Way = Literal["websocket", "rest"]

# docs: tts-encoding, tts-sample-rate; the first rate is the default
RATES: dict[Encoding, tuple[int, ...]] = {
    "linear16": (24000, 8000, 16000, 32000, 48000),
    "mulaw": (8000, 16000),
    "alaw": (8000, 16000),
}
NOT_OFFERED = frozenset({"mp3", "opus", "flac", "aac"})  # over REST alone
KNOWN = frozenset({"model", "encoding", "sample_rate", "container", "speed", "tag", "mip_opt_out"})
SLOWEST, FASTEST = 0.7, 1.5  # docs: tts-voice-controls
LANGUAGES_WITH_SPEED = ("en", "es")


@dataclass(frozen=True, slots=True)
class SpeakOptions:
    """What this connection was asked to do. `container` "wav": the audio comes in a WAV file (REST alone)."""

    model: str = DEFAULT_MODEL
    encoding: Encoding = "linear16"
    sample_rate: int = 24000
    container: Literal["none", "wav"] = "none"
    speed: float = 1.0

    @property
    def sample_bytes(self) -> int:
        return 2 if self.encoding == "linear16" else 1

    @property
    def bytes_per_second(self) -> int:
        return self.sample_rate * self.sample_bytes


def parse_speak_query(query: str, way: Way = "websocket") -> SpeakOptions | Refusal:
    """The part of the URL after `?` -> options, or the first thing that is wrong with it."""
    try:
        return _options(grouped(query, known=KNOWN, repeatable={"tag"}), way)
    except BadParameterError as error:
        return Refusal(400, BAD_QUERY, str(error))


def _options(given: Given, way: Way) -> SpeakOptions:
    check_tags(given)
    boolean("mip_opt_out", given)
    model = _model(given)
    encoding = _encoding(given, way)
    return SpeakOptions(model, encoding, _rate(given, encoding), _container(given, way), _speed(given, model))


def _model(given: Given) -> str:
    model = single("model", given) or DEFAULT_MODEL
    if model not in MODELS:
        raise BadParameterError(
            f"No such model '{model}': /v1/speak takes aura-2-NAME-LANGUAGE, such as aura-2-thalia-en."
        )
    return model


def _encoding(given: Given, way: Way) -> Encoding:
    encoding = single("encoding", given) or ("linear16" if way == "websocket" else "mp3")
    for offered in RATES:
        if encoding == offered:
            return offered
    if way == "rest" and encoding in NOT_OFFERED:
        raise BadParameterError(f"'encoding={encoding}' is not offered by this local speech service.")
    raise BadParameterError(f"Unsupported encoding '{encoding}': use {', '.join(RATES)}.")


def _rate(given: Given, encoding: Encoding) -> int:
    rates = RATES[encoding]
    rate = whole("sample_rate", single("sample_rate", given) or str(rates[0]))
    if rate not in rates:
        raise BadParameterError(
            f"Unsupported sample rate '{rate}' for {encoding}: {', '.join(map(str, sorted(rates)))}."
        )
    return rate


def _container(given: Given, way: Way) -> Literal["none", "wav"]:
    """Over a websocket the audio is always raw; over REST it is in a WAV file unless one says `none`."""
    container = single("container", given) or ("none" if way == "websocket" else "wav")
    if container == "none":
        return "none"
    if container == "wav" and way == "rest":
        return "wav"
    raise BadParameterError(f"Unsupported container '{container}'.")


def _speed(given: Given, model: str) -> float:
    value = single("speed", given)
    if value is None:
        return 1.0
    try:
        speed = float(value)
    except ValueError:
        speed = 0.0
    if not SLOWEST <= speed <= FASTEST:
        raise BadParameterError(f"'speed' must be from {SLOWEST} to {FASTEST}, not '{value}'.")
    if language_of(model) not in LANGUAGES_WITH_SPEED:
        raise BadParameterError(f"'speed' is not supported by '{model}'.")
    return speed
