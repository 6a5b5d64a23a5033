"""The JSON that Deepgram sends on `/v1/listen`, built from the shapes in its asyncapi document.

Written apart from the server's own parser on purpose: two readings of one document check each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

JSON = dict[str, object]
MODEL_VERSION = "2026-01-01.0"
MODEL_UUID = "00000000-0000-4000-8000-000000000001"


@dataclass(frozen=True, slots=True)
class Word:
    """Times in seconds of audio. `text` is as it goes into the transcript, `word` without case and signs."""

    text: str
    start: float
    end: float
    confidence: float = 0.98

    @property
    def word(self) -> str:
        return self.text.lower().strip(".,!?;:")


def results(
    words: Sequence[Word],
    *,
    start: float,
    end: float,
    is_final: bool,
    speech_final: bool = False,
    from_finalize: bool = False,
    punctuated: bool = False,
    request_id: str,
    model: str,
) -> JSON:
    """No words at all is what silence yields: transcript "", confidence 0."""
    confidence = sum(word.confidence for word in words) / len(words) if words else 0.0
    alternative: JSON = {
        "transcript": " ".join(word.text for word in words),
        "confidence": round(confidence, 4),
        "words": [_word(word, punctuated) for word in words],
    }
    return {
        "type": "Results",
        "channel_index": [0, 1],
        "duration": seconds(end - start),
        "start": seconds(start),
        "is_final": is_final,
        "speech_final": speech_final,
        "from_finalize": from_finalize,
        "channel": {"alternatives": [alternative]},
        "metadata": {
            "request_id": request_id,
            "model_info": _model_info(model),
            "model_uuid": MODEL_UUID,
        },
    }


def speech_started(timestamp: float) -> JSON:
    return {"type": "SpeechStarted", "channel": [0, 1], "timestamp": seconds(timestamp)}


def utterance_end(last_word_end: float) -> JSON:
    return {"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": seconds(last_word_end)}


def metadata(request_id: str, sha256: str, duration: float, channels: int) -> JSON:
    """The last message of a connection. Nothing decoded: duration 0.0 and channels 0."""
    return {
        "type": "Metadata",
        "transaction_key": "deprecated",
        "request_id": request_id,
        "sha256": sha256,
        "created": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "duration": seconds(duration),
        "channels": channels if duration else 0,
    }


def schema_error(received: str, description: str) -> JSON:
    return {
        "type": "Error",
        "variant": "SchemaError",
        "description": description,
        "message": received,
        "code": None,
    }


def configure_success(request_id: str, keyterms: Sequence[str] | None) -> JSON:
    """`keyterms` is in the answer only when the list was replaced."""
    message: JSON = {"type": "ConfigureSuccess", "request_id": request_id}
    return message if keyterms is None else message | {"keyterms": list(keyterms)}


def configure_failure(request_id: str, code: str, description: str) -> JSON:
    return {"type": "ConfigureFailure", "request_id": request_id, "code": code, "description": description}


def seconds(value: float) -> float:
    """Deepgram writes times as JSON numbers with a fraction, never as integers."""
    return round(float(value), 4)


def _model_info(model: str) -> JSON:
    """`nova-2-phonecall` is `phonecall-nova-2` of the architecture `nova-2`."""
    family, dash, use = model.rpartition("-")
    arch = family if dash and use.isalpha() else model
    use = use if arch != model else "general"
    return {"name": f"{use}-{arch}", "version": MODEL_VERSION, "arch": arch}


def _word(word: Word, punctuated: bool) -> JSON:
    item: JSON = {
        "word": word.word,
        "start": seconds(word.start),
        "end": seconds(word.end),
        "confidence": round(word.confidence, 4),
    }
    return item | {"punctuated_word": word.text} if punctuated else item
