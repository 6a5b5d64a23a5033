"""TwiML as Twilio reads it: a document -> verbs, with what it would warn of.

Source: Twilio's documentation, "TwiML for Programmable Voice", a page a verb. Verbs that phonegame has no use for
(Dial, Record, Enqueue ...) are unknown here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias
from xml.etree import ElementTree as ET

from phonegame.local.twilio_api.fetch import Method

CONTENT_TYPES = frozenset({"text/xml", "application/xml"})
"""`text/html` is said to be taken, and was seen refused."""
MAX_PARAMETER = 500
ENDLESS = 1000


@dataclass(frozen=True, slots=True)
class Say:
    text: str
    loop: int = 1


@dataclass(frozen=True, slots=True)
class Play:
    url: str


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Stream:
    url: str
    name: str
    track: str
    status_callback: str
    status_callback_method: Method
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Connect:
    stream: Stream
    action: str | None
    method: Method


@dataclass(frozen=True, slots=True)
class Gather:
    """`action` None: the current document's address. `digits` None: no limit."""

    action: str | None
    method: Method
    inputs: frozenset[str]
    timeout: float
    finish_on_key: str
    digits: int | None
    action_on_empty_result: bool
    prompts: tuple[Say | Play | Pause, ...]


@dataclass(frozen=True, slots=True)
class Redirect:
    url: str
    method: Method


@dataclass(frozen=True, slots=True)
class Reject:
    reason: Literal["rejected", "busy"]


@dataclass(frozen=True, slots=True)
class Hangup:
    pass


Verb: TypeAlias = Say | Play | Pause | Connect | Gather | Redirect | Reject | Hangup


class TwimlError(Exception):
    """The document cannot be used."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


@dataclass(frozen=True, slots=True)
class Document:
    """`warnings`: what is left out of it, and why; Twilio's 12200."""

    verbs: tuple[Verb, ...]
    warnings: tuple[str, ...]


def check_content_type(content_type: str) -> None:
    """Raises TwimlError."""
    if content_type.partition(";")[0].strip().lower() not in CONTENT_TYPES:
        raise TwimlError(12300, f"the answer's Content-Type is {content_type or 'missing'}, and not text/xml")


def parse(document: bytes | str) -> Document:
    """Raises TwimlError."""
    try:
        # expat itself bounds how far entities may grow
        root = ET.fromstring(document)  # noqa: S314
    except (ET.ParseError, ValueError) as error:
        raise TwimlError(12100, f"no XML: {error}") from None
    if root.tag != "Response":
        raise TwimlError(12100, f"the document's root is {root.tag!r}, and not Response")
    reader = _Reader()
    verbs = tuple(reader.verbs(root, _READERS))
    for place, verb in enumerate(verbs):
        if isinstance(verb, Reject) and place > 0:
            reader.warn("Reject is not the first verb")
    return Document(verbs, tuple(reader.warnings))


class _Reader:
    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def verbs(self, parent: ET.Element, readers: Mapping[str, _Read]) -> Iterator[Verb]:
        for element in parent:
            known = readers.get(element.tag)
            if known is None:
                self.warn(f"{parent.tag} has an element {element.tag!r} that is unknown here")
                continue
            read, attributes = known
            for name in element.attrib.keys() - attributes:
                self.warn(f"{element.tag} has no attribute {name!r}")
            try:
                yield from read(self, element)
            except ValueError as error:
                self.warn(f"{element.tag}: {error}")

    def say(self, element: ET.Element) -> Iterator[Verb]:
        # SSML's elements stay unsaid, their texts are said
        text = " ".join("".join(element.itertext()).split())
        if not text:
            raise ValueError("nothing to say")
        yield Say(text, _loop(element))

    def play(self, element: ET.Element) -> Iterator[Verb]:
        yield Play((element.text or "").strip())

    def pause(self, element: ET.Element) -> Iterator[Verb]:
        yield Pause(_number(element, "length", 1))

    def connect(self, element: ET.Element) -> Iterator[Verb]:
        streams = [self._stream(child) for child in element if child.tag == "Stream"]
        if len(streams) != 1 or len(element) != 1:
            raise ValueError("it needs one Stream, and nothing else here")
        yield Connect(streams[0], element.get("action"), _method(element, "method"))

    def _stream(self, element: ET.Element) -> Stream:
        for name in element.attrib.keys() - _STREAM:
            self.warn(f"Stream has no attribute {name!r}")
        parameters: dict[str, str] = {}
        for child in element:
            name, value = child.get("name", ""), child.get("value", "")
            if child.tag != "Parameter" or not name:
                self.warn("Stream has something in it that is no Parameter with a name")
            elif len(name) + len(value) >= MAX_PARAMETER:
                self.warn(
                    f"the Parameter {name!r} is too long: name and value must be under {MAX_PARAMETER} characters"
                )
            else:
                parameters[name] = value
        return Stream(
            url=element.get("url", ""),
            name=element.get("name", ""),
            track=element.get("track", "inbound_track"),
            status_callback=element.get("statusCallback", ""),
            status_callback_method=_method(element, "statusCallbackMethod"),
            parameters=parameters,
        )

    def gather(self, element: ET.Element) -> Iterator[Verb]:
        digits = element.get("numDigits")
        prompts = tuple(verb for verb in self.verbs(element, _PROMPTS) if isinstance(verb, Say | Play | Pause))
        yield Gather(
            action=element.get("action"),
            method=_method(element, "method"),
            inputs=frozenset(element.get("input", "dtmf").split()),
            timeout=_number(element, "timeout", 5),
            finish_on_key=element.get("finishOnKey", "#"),
            digits=int(digits) if digits is not None else None,
            action_on_empty_result=element.get("actionOnEmptyResult", "false") == "true",
            prompts=prompts,
        )

    def redirect(self, element: ET.Element) -> Iterator[Verb]:
        yield Redirect((element.text or "").strip(), _method(element, "method"))

    def reject(self, element: ET.Element) -> Iterator[Verb]:
        match element.get("reason", "rejected"):
            case "rejected" | "busy" as reason:
                yield Reject(reason)
            case other:
                raise ValueError(f"no reason is called {other!r}")

    def hang_up(self, _: ET.Element) -> Iterator[Verb]:
        yield Hangup()


_Read: TypeAlias = tuple[Callable[[_Reader, ET.Element], Iterator[Verb]], frozenset[str]]

_PROMPTS: Mapping[str, _Read] = {
    "Say": (_Reader.say, frozenset({"voice", "language", "loop"})),
    "Play": (_Reader.play, frozenset({"loop", "digits"})),
    "Pause": (_Reader.pause, frozenset({"length"})),
}
_GATHER = (
    "input action method timeout finishOnKey numDigits speechTimeout language hints profanityFilter "
    "actionOnEmptyResult partialResultCallback partialResultCallbackMethod speechModel bargeIn maxSpeechTime enhanced"
)
_READERS: Mapping[str, _Read] = {
    **_PROMPTS,
    "Connect": (_Reader.connect, frozenset({"action", "method"})),
    "Gather": (_Reader.gather, frozenset(_GATHER.split())),
    "Redirect": (_Reader.redirect, frozenset({"method"})),
    "Reject": (_Reader.reject, frozenset({"reason"})),
    "Hangup": (_Reader.hang_up, frozenset()),
}
_STREAM = frozenset({"url", "name", "track", "statusCallback", "statusCallbackMethod"})


def _method(element: ET.Element, name: str) -> Method:
    match element.get(name, "POST").upper():
        case "GET":
            return "GET"
        case "POST":
            return "POST"
        case other:
            raise ValueError(f"{name} is {other!r}, and neither GET nor POST")


def _number(element: ET.Element, name: str, otherwise: float) -> float:
    number = float(element.get(name, otherwise))
    if not 0 <= number < float("inf"):
        raise ValueError(f"{name} is {number}")
    return number


def _loop(element: ET.Element) -> int:
    return int(_number(element, "loop", 1)) or ENDLESS
