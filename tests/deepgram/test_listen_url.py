from __future__ import annotations

import pytest

from phonegame.deepgram.listen_url import fault_of
from phonegame.settings import DEEPGRAM_URL, Settings, SettingsError

FLUX = "wss://api.deepgram.com/v2/listen?model=flux-general-en&encoding=mulaw&sample_rate=8000"


@pytest.mark.parametrize(
    "url",
    [
        DEEPGRAM_URL,
        FLUX,
        FLUX + "&numerals=true&eot_threshold=0.8&eager_eot_threshold=0.5&eot_timeout_ms=3000&keyterm=pizza",
        FLUX.replace("deepgram.com", "deepgram.com/behind/a/proxy").replace("-en", "-multi"),
        "ws://localhost:1/any/other/path",
    ],
)
def test_what_may_be_right_is_let_through(url: str) -> None:
    assert fault_of(url) is None


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("wss://api.deepgram.com/v1/listen?model=flux-general-en", ("'flux-general-en'", "use /v2/listen")),
        (FLUX.replace("flux-general-en", "nova-3"), ("'nova-3'", "set model=flux-general-en", "/v1/listen")),
        (FLUX.replace("model=flux-general-en&", ""), ("no model", "set model=flux-general-en")),
        (FLUX + "&language=en&endpointing=300", ("remove language, endpointing",)),
        (FLUX + "&interim_results=true", ("remove interim_results",)),
        (FLUX.replace("&encoding=mulaw&sample_rate=8000", ""), ("add encoding=mulaw&sample_rate=8000",)),
        (DEEPGRAM_URL + "&eot_threshold=0.8", ("use that path", "remove eot_threshold")),
    ],
)
def test_what_cannot_be_right_is_named_with_its_cure(url: str, words: tuple[str, ...]) -> None:
    fault = fault_of(url)
    assert fault is not None
    for word in words:
        assert word in fault


def test_the_settings_refuse_it() -> None:
    with pytest.raises(SettingsError, match=r"DEEPGRAM_URL: .* remove endpointing"):
        Settings.load(_env_file=None, deepgram_api_key="key", DEEPGRAM_URL=FLUX + "&endpointing=300")


def test_the_settings_take_flux() -> None:
    assert Settings.load(_env_file=None, deepgram_api_key="key", DEEPGRAM_URL=FLUX).deepgram_url == FLUX
