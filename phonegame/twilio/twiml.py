"""TwiML: what Twilio is to do with a call. Documents as text, built by Twilio's own library.

Source: Twilio's documentation, "TwiML for Programmable Voice": Say, Connect, Stream, Redirect, Hangup.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from twilio.twiml.voice_response import VoiceResponse

CONTENT_TYPE = "text/xml; charset=utf-8"
TOKEN_PARAMETER = "token"  # noqa: S105 - a name
CALLED_PARAMETER = "to"
DIRECTION_PARAMETER = "direction"
MAX_PARAMETER = 499
"""Name and value together; Twilio refuses more."""
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters with which Twilio could not read the whole document (XML 1.0, section 2.2)."""


def stream_url(public_url: str) -> str:
    """Of `/twilio`, for a server at https://host or https://host/path."""
    return f"{'ws' + public_url.removeprefix('http')}/twilio"


def connected(stream_url: str, *, after_url: str, greeting: str, voice: str, parameters: Mapping[str, str]) -> str:
    """Says the greeting, opens the media stream, and asks at `after_url` what shall happen when that has ended.

    `<Connect>`, not `<Start>`: the stream goes both ways. Its address has no query: Twilio would drop it.
    """
    response = VoiceResponse()
    _say(response, greeting, voice)
    stream = response.connect(action=after_url, method="POST").stream(url=stream_url)
    for name, value in parameters.items():
        if known := _NOT_IN_XML.sub("", value):
            stream.parameter(name=name, value=known[: MAX_PARAMETER - len(name)])
    return str(response)


def said_and_hung_up(text: str, voice: str = "") -> str:
    """An empty text is not said."""
    response = VoiceResponse()
    _say(response, text, voice)
    response.hangup()
    return str(response)


def handed_on(number: str) -> str:
    """Connects the caller to another phone."""
    response = VoiceResponse()
    response.dial(number)
    return str(response)


def redirected(url: str, *, after_seconds: int = 0) -> str:
    """For a TwiML Bin: the document is fetched from there, by a signed request."""
    response = VoiceResponse()
    if after_seconds:
        response.pause(length=after_seconds)
    response.redirect(url, method="POST")
    return str(response)


def nothing() -> str:
    """The answer to a callback that only reports."""
    return str(VoiceResponse())


def _say(response: VoiceResponse, text: str, voice: str) -> None:
    if text := _NOT_IN_XML.sub("", text).strip():
        response.say(text, **({"voice": voice} if voice else {}))
