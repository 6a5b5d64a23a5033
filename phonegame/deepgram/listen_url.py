"""What cannot be right in DEEPGRAM_URL: Flux and all other models have a path and parameters of their own. No I/O here.

Source: Deepgram's documentation, "Flux: quickstart" and "Flux: configuration". Deepgram refuses such a URL with a bare
400, and nothing else would tell what is wrong with it.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from phonegame.deepgram.flux import is_flux

FLUX_MODELS = "flux-general-en, or flux-general-multi"
_FLUX_ONLY = ("eot_threshold", "eager_eot_threshold", "eot_timeout_ms")
_V1_ONLY = (
    *("language", "interim_results", "endpointing", "utterance_end_ms", "vad_events", "punctuate", "smart_format"),
    *("no_delay", "channels", "multichannel", "diarize", "diarize_model", "filler_words", "keywords", "dictation"),
    *("detect_entities", "search", "replace", "version"),
)


def fault_of(url: str) -> str | None:
    """Says what is wrong and what to do, to stand behind the name of the setting."""
    query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    model = query.get("model", "")
    if not is_flux(url):
        return _fault_of_v1(model, query)
    if not model.startswith("flux"):
        asked = f"the model {model!r}" if model else "no model"
        return f"asks for {asked} at /v2/listen, where only Flux is: set model={FLUX_MODELS}, or use /v1/listen"
    if misplaced := [name for name in _V1_ONLY if name in query]:
        return f"has parameters that /v2/listen does not take: remove {', '.join(misplaced)}"
    if not {"encoding", "sample_rate"} <= query.keys():
        return "must tell /v2/listen what audio it gets: add encoding=mulaw&sample_rate=8000"
    return None


def _fault_of_v1(model: str, query: dict[str, str]) -> str | None:
    if model.startswith("flux"):
        return f"asks for the model {model!r}, which is not at this path: use /v2/listen, and its parameters"
    if misplaced := [name for name in _FLUX_ONLY if name in query]:
        return f"has parameters of /v2/listen: use that path with model={FLUX_MODELS}, or remove {', '.join(misplaced)}"
    return None
