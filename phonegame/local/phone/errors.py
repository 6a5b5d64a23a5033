"""Why a call did not go as asked.

PhoneError
 +-- DialError              no call came about
 |    +-- InvalidUrlError   an address that Twilio would refuse
 |    +-- NoAnswerError     nothing listens there
 |    +-- NoHandshakeError  something listens there, but TLS or the websocket handshake comes to nothing
 |    +-- RejectedError     the server answered with an HTTP status other than 101
 +-- HungUpError            the server ended the call while the phone was still saying, keying or waiting
 +-- WavError               a file that cannot be played
 +-- NoSoundError           nothing to play sound on
"""

from __future__ import annotations


class PhoneError(Exception):
    pass


class DialError(PhoneError):
    pass


class InvalidUrlError(DialError):
    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"cannot call {url}: {why}")
        self.url = url


class NoAnswerError(DialError):
    """Twilio's 31902."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"nothing answers at {url} ({why}); start it with `phonegame serve`")
        self.url = url


class NoHandshakeError(DialError):
    """Twilio's 31901 and 31910."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"{url} answers, but {why}")
        self.url = url


_HINTS = {
    403: "the server wants Twilio's signature: give the same TWILIO_AUTH_TOKEN to both",
    404: "is the path right? It is usually /twiml, or /twilio for a media stream alone",
}


class RejectedError(DialError):
    """Twilio's 31920: the websocket handshake was answered with something else than 101."""

    def __init__(self, url: str, status: int) -> None:
        hint = _HINTS.get(status)
        super().__init__(f"{url} refused the call with HTTP {status}" + (f"; {hint}" if hint else ""))
        self.url = url
        self.status = status


class HungUpError(PhoneError):
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"the server hung up (close code {code}" + (f": {reason})" if reason else ")"))
        self.code = code
        self.reason = reason


class WavError(PhoneError):
    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"cannot play {name}: {why}")


class NoSoundError(PhoneError):
    def __init__(self, why: str) -> None:
        super().__init__(f"the call cannot be played aloud: {why}")
