"""The JSON that Deepgram sends on `/v1/speak`, built from the shapes in its asyncapi document."""

from __future__ import annotations

from phonegame.local.speech.messages import JSON

MODEL_VERSION = "2026-01-01.0"
MODEL_UUID = "00000000-0000-4000-8000-000000000002"


def metadata(request_id: str, model: str) -> JSON:
    """The first message of a connection."""
    return {
        "type": "Metadata",
        "request_id": request_id,
        "model_name": model,
        "model_version": MODEL_VERSION,
        "model_uuid": MODEL_UUID,
    }


def flushed(sequence_id: int) -> JSON:
    return {"type": "Flushed", "sequence_id": sequence_id}


def cleared(sequence_id: int) -> JSON:
    return {"type": "Cleared", "sequence_id": sequence_id}


def too_many_flushes(most: int) -> JSON:
    return {
        "type": "Warning",
        "code": "EXCESSIVE_FLUSH",
        "description": f"At most {most} Flush messages are processed in 60 seconds; this one was not.",
    }
