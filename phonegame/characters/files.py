"""Characters in TOML files, which may be changed while calls go on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import structlog
import trio

from phonegame.characters.actions import faults_of
from phonegame.characters.brains.script.faults import Fault, Faults, suggestion
from phonegame.characters.brains.script.library import read_parsed, remember
from phonegame.characters.brains.script.model import Script
from phonegame.characters.brains.script.read import OF_SCRIPT, parse_toml
from phonegame.characters.brains.script.vocabulary import vocabulary_of
from phonegame.characters.persona import Action, Persona

SUFFIX = ".toml"
_FILE_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FIELDS = {field.name: field for field in msgspec.structs.fields(Persona) if field.name != "script"}
_ACTION_FIELDS = {field.name: field for field in msgspec.structs.fields(Action)}
_TYPES = ("string", "integer", "number", "boolean", "array", "object")
_MOST_VERSIONS = 200

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class CharacterFileError(Exception):
    """A file cannot be used. The text has a line for each fault."""

    def __init__(self, path: Path, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(f"{path.name}: {fault}" for fault in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Examined:
    persona: Persona | None
    """None if there are errors among the faults."""
    faults: Faults


def examine(text: str, given: Mapping[str, Any] | None = None) -> Examined:
    """The character of a file's text, and all that is wrong with it. Never raises, whatever the text.

    `given`: fields of the character, of their right types, that count in the place of the text's.
    """
    faults = Faults()
    content = parse_toml(text, faults)
    if content is None:
        return Examined(None, faults)
    content = {**content, **(given or {})}
    values = dict(_values({name: content[name] for name in _FIELDS if name in content}, faults))
    _check_actions(values.get("actions", ()), faults)
    script = _script(content, values.get("actions", ()), faults)
    if faults.errors:
        return Examined(None, faults)
    if script is not None:
        remember(text, script)
        values["script"] = text
        values["vocabulary"] = vocabulary_of(script, values.get("vocabulary", ()))
        if script.asks_the_silent:
            values.setdefault("silence_prompt", "")
        if values.get("greeting") and script.states[script.start].enter.say:
            faults.warn("greeting", f"is said in the place of what state {script.start} says at first")
    return Examined(Persona(**values), faults)


def _script(content: Mapping[str, Any], actions: tuple[Action, ...], faults: Faults) -> Script | None:
    """None for a character that a model plays."""
    if "script" in content:
        faults.add("script", "belongs into the file itself: [states.hello]")
    if OF_SCRIPT.intersection(content):
        script, more = read_parsed(content, actions)
        faults.found += more.found
        return script
    for name in content.keys() - _FIELDS.keys() - {"script"}:
        faults.add(name, f"unknown; {suggestion(name, [*_FIELDS, *OF_SCRIPT])}")
    if not content.get("persona"):
        faults.add("persona", "is missing, and there is no [states....] either: who is it, or what does it say?")
    return None


def _values(content: Mapping[str, Any], faults: Faults) -> Iterator[tuple[str, Any]]:
    """Field by field, so that the faults of all come to light."""
    if "name" not in content:
        faults.add("name", 'is missing: name = "Witness"')
    for name, value in content.items():
        if name == "actions" and isinstance(value, tuple):
            yield name, value
            continue
        if name == "actions" and isinstance(value, list):
            yield name, tuple(_actions(value, faults))
            continue
        try:
            yield name, msgspec.convert(value, _FIELDS[name].type)
        except msgspec.ValidationError as error:
            faults.add(name, _in_plain_words(error))


def _actions(given: list[Any], faults: Faults) -> Iterator[Action]:
    for number, value in enumerate(given, start=1):
        place = f"action {number}"
        if not isinstance(value, dict):
            faults.add(place, "must be a table: [[actions]]")
            continue
        for name in value.keys() - _ACTION_FIELDS.keys() - {"takes"}:
            faults.add(f"{place}, {name}", f"unknown; {suggestion(name, [*_ACTION_FIELDS, 'takes'])}")
        try:
            action = msgspec.convert({**value, **_parameters(value, place, faults)}, Action)
        except msgspec.ValidationError as error:
            faults.add(place, _in_plain_words(error))
            continue
        yield action


def _check_actions(declared: tuple[Action, ...], faults: Faults) -> None:
    for index, fault in faults_of(declared):
        faults.add(f"action {index + 1}, {fault.field}", fault.why)


def _parameters(action: Mapping[str, Any], place: str, faults: Faults) -> dict[str, Any]:
    """`takes = { count = "integer", size = ["small", "large"] }` as JSON Schema; all of it is needed."""
    takes = action.get("takes")
    if takes is None:
        return {}
    if not isinstance(takes, dict) or "parameters" in action:
        faults.add(f"{place}, takes", 'must be a table such as { count = "integer" }, and excludes parameters')
        return {}
    properties = {}
    for name, kind in takes.items():
        if isinstance(kind, list):
            properties[name] = {"enum": kind}
        elif kind in _TYPES:
            properties[name] = {"type": kind}
        else:
            faults.add(f"{place}, takes, {name}", f"must be one of {', '.join(_TYPES)}, or a list of values")
    schema = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {"parameters": schema}


def _in_plain_words(error: msgspec.ValidationError) -> str:
    text = str(error).replace("`", "").replace(" - at $", ", at ").rstrip(" .")
    # a name is all that has one
    return re.sub(r"str matching regex '[^']*'", "letters, digits, _ and -, 64 at most", text)


def read_character(path: Path) -> Examined:
    """Never raises: a file that cannot be read has that for its fault."""
    try:
        # editors for Windows put a mark in front
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        return Examined(None, Faults([Fault("", f"cannot be read: {error.strerror or error}")]))
    except UnicodeDecodeError as error:
        return Examined(None, Faults([Fault("", f"is not UTF-8, at byte {error.start}; save it as UTF-8")]))
    return examine(text)


@dataclass(slots=True)
class _File:
    path: Path
    persona: Persona
    stamp: tuple[int, ...]
    """Changes whenever the file does."""


class CharacterFiles:
    """The files of a server's characters. A file that has changed counts from the next turn on; one that has a fault
    leaves everything as it was, and the fault in the log.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._files: dict[Path, _File] = {}
        self._versions: dict[bytes, _File] = {}
        self._lock = trio.Lock()

    def load_at_start(self, path: Path) -> Persona:
        """`load`, before anything runs that would have to wait."""
        return self._take(path, read_character(path), _stamp(path))

    async def load(self, path: Path) -> Persona:
        """Raises CharacterFileError, the first time; later, the file's last good version is returned."""
        async with self._lock:
            stamp = await trio.to_thread.run_sync(_stamp, path)
            file = self._files.get(path)
            if file is not None and file.stamp == stamp:
                return file.persona
            examined = await trio.to_thread.run_sync(read_character, path)
            return self._take(path, examined, stamp)

    async def use(self, name: str) -> Persona | None:
        """The one of the folder; None where there is none of that name. Raises CharacterFileError."""
        if self._folder is None or _FILE_NAME.fullmatch(name) is None:
            await trio.lowlevel.checkpoint()
            return None
        path = self._folder / f"{name}{SUFFIX}"
        if path not in self._files and not await trio.Path(path).is_file():
            return None
        return await self.load(path)

    async def newest(self, persona: Persona, name: str = "") -> Persona:
        """To be asked at each turn: what the file says that the character has come from; else the same character.

        `name`: of one of the folder, for a character that another worker has read.
        """
        file = self._versions.get(_key(persona))
        try:
            found = await self.load(file.path) if file is not None else await self.use(name)
        except CharacterFileError as error:
            log.error("character file is not used as it is now", file=f"{name}{SUFFIX}", faults=str(error).splitlines())
            return persona
        return persona if found is None or found == persona else found

    def _take(self, path: Path, examined: Examined, stamp: tuple[int, ...]) -> Persona:
        errors = examined.faults.errors
        for warning in examined.faults.warnings:
            log.warning("character file", file=path.name, warning=str(warning))
        file = self._files.get(path)
        if examined.persona is None:
            if file is None:
                raise CharacterFileError(path, errors)
            log.error("character file is not used as it is now", file=path.name, faults=[str(each) for each in errors])
            file.stamp = stamp
            return file.persona
        if file is None:
            file = self._files[path] = _File(path, examined.persona, stamp)
        else:
            log.info("character file has changed", file=path.name)
            file.persona, file.stamp = examined.persona, stamp
        self._versions[_key(file.persona)] = file
        while len(self._versions) > _MOST_VERSIONS:
            del self._versions[next(iter(self._versions))]
        return file.persona


def _stamp(path: Path) -> tuple[int, ...]:
    """Empty for a file that is not there, for example while an editor puts another one into its place."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return (status.st_mtime_ns, status.st_size, status.st_ino)


def _key(persona: Persona) -> bytes:
    return msgspec.json.encode(persona)
