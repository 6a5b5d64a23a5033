"""Who may come in: pure decisions about one request each. What is refused is told why, and what to do about it.

/game                      a game's key, and for web pages an origin that is allowed
/twilio and webhooks       Twilio's signature
everything else            the operator's key, but for what says nothing about anybody (web/doors.py)
from outside this machine  nobody at all while a lock is missing
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from hmac import compare_digest

import structlog
from pydantic import SecretStr

from phonegame.settings import Settings, SettingsError
from phonegame.twilio.signature import is_genuine
from phonegame.visit import Visit

INSECURE_HINT = "or start with --insecure (PHONEGAME_INSECURE=1) to let everybody in"
NEW_KEY_HINT = """python -c "import secrets; print(secrets.token_urlsafe(24))" makes one"""

MIN_KEY_LENGTH = 12

_WHAT_TO_SET = {
    "TWILIO_AUTH_TOKEN": "set the token that Twilio's console shows on its first page: it tells Twilio from others",
    "PHONEGAME_GAME_KEYS": f"set one or more keys for games, comma separated; {NEW_KEY_HINT}",
    "PHONEGAME_OPERATOR_KEY": f"set a key for yourself; {NEW_KEY_HINT}",
}


log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    text: str
    why: str
    """For the log: constant."""
    headers: tuple[tuple[str, str], ...] = ()
    is_guess: bool = False
    """A key came with it, and it was wrong."""


def require_locks(settings: Settings) -> None:
    """Raises `SettingsError` where the settings let the outside in, and a lock is missing."""
    if settings.is_exposed and settings.missing_locks and not settings.insecure:
        exposed_by = f"PHONEGAME_PUBLIC_URL is {settings.public_url}" if settings.public_url else _bound(settings)
        faults = [
            f"{variable}: is missing, while the server can be reached from outside this machine ({exposed_by}); "
            f"{_WHAT_TO_SET[variable]}"
            for variable in settings.missing_locks
        ]
        faults[-1] += f"; {INSECURE_HINT}"
        raise SettingsError(faults)


def warn_of_open_doors(settings: Settings) -> None:
    if settings.insecure and settings.missing_locks:
        log.warning(
            "INSECURE: whoever reaches this server may call and play at your cost", missing=settings.missing_locks
        )
    if weak := weak_keys(settings):
        log.warning("a key is short enough to be guessed", variables=weak, at_least=MIN_KEY_LENGTH)


def weak_keys(settings: Settings) -> list[str]:
    """The variables with a key that could be guessed."""
    keys = {
        "PHONEGAME_GAME_KEYS": settings.game_keys,
        "PHONEGAME_OPERATOR_KEY": [settings.operator_key] if settings.operator_key.get_secret_value() else [],
    }
    return [
        variable for variable, each in keys.items() if any(len(key.get_secret_value()) < MIN_KEY_LENGTH for key in each)
    ]


def _bound(settings: Settings) -> str:
    return f"PROXY_URL is {settings.proxy_url}"


class Access:
    """None from each of these: let in."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._token = settings.twilio_auth_token.get_secret_value()

    @property
    def is_twilio_checked(self) -> bool:
        return bool(self._token)

    def public_url(self, visit: Visit) -> str:
        """Where Twilio reaches this server: as it has just done, where the setting is missing."""
        return self._settings.public_url or visit.url

    def refuse_outsider(self, visit: Visit) -> Refusal | None:
        """Hypercorn's own command listens wherever it is told to, and a tunnel may lead anywhere."""
        if self._settings.insecure or not self._settings.missing_locks or not visit.is_from_outside:
            return None
        missing = ", ".join(self._settings.missing_locks)
        text = f"This server is open to its own machine only, until its operator sets {missing}; {INSECURE_HINT}."
        return Refusal(403, text, "from outside this machine, while a lock is missing")

    def refuse_game(self, visit: Visit) -> Refusal | None:
        if not self._may_connect(visit):
            text = (
                "A web page of another host connects here. If it is one of this server's games, "
                "its operator allows it by PHONEGAME_GAME_ORIGINS."
            )
            return Refusal(403, text, "origin not allowed")
        if not self._settings.game_keys or self._game_key(visit) is not None:
            return None
        text = (
            "This server asks games for a key. Ask its operator for one, and send it as a header, "
            "`Authorization: Bearer KEY`, or where the engine cannot set headers in the address: /game?key=KEY"
        )
        return Refusal(401, text, "no game's key", (("WWW-Authenticate", 'Bearer realm="games"'),))

    def game_known_as(self, visit: Visit, address: str) -> str:
        """What a game that was let in is known by on all its connections: which key it has, and its address.

        Neither alone: one key may be in every copy of a game, and one address may be that of many players' games, or of
        a proxy's. Both together are as much as a game cannot change at will by connecting again. Holds no key.
        """
        return f"{self._game_key(visit)} {address}"

    def game_memory(self, visit: Visit) -> str:
        """What memories of a game's characters are known by: all games with one key have the same. Holds no key."""
        which = self._game_key(visit)
        if which is None:
            return ""
        key = self._settings.game_keys[which].get_secret_value()
        # the key itself and not its place among them, which may be another one tomorrow
        return hashlib.blake2b(key.encode(), digest_size=16).hexdigest()

    def _game_key(self, visit: Visit) -> int | None:
        """Which of the keys it has."""
        return _which(visit.bearer or visit.query_value("key"), self._settings.game_keys)

    def _may_connect(self, visit: Visit) -> bool:
        """Engines send no origin; browsers always do, and pages cannot change it."""
        origin = visit.header("origin")
        allowed = self._settings.game_origins
        return origin is None or "*" in allowed or origin.lower() in allowed or self._is_of_host(visit, origin)

    def refuse_visitor(self, visit: Visit) -> Refusal | None:
        """For all that is the operator's."""
        if not visit.is_safe and not self._is_of_own_page(visit):
            # a browser adds the operator's password to whatever another site's page has it send
            return Refusal(403, "A web page of another server may not do this.", "a form of another site")
        key, given = self._settings.operator_key, given_key(visit)
        if not key.get_secret_value() or _which(given, [key]) is not None:
            return None
        text = (
            "This is for the server's operator: give the key that PHONEGAME_OPERATOR_KEY is set to, as the password "
            "that the browser asks for (any name), or as a header: `Authorization: Bearer KEY`."
        )
        asks = (("WWW-Authenticate", 'Basic realm="phonegame", charset="UTF-8"'), ("WWW-Authenticate", "Bearer"))
        return Refusal(401, text, "wrong operator's key" if given else "no operator's key", asks, bool(given))

    def _is_of_own_page(self, visit: Visit) -> bool:
        """Or of no page: browsers tell one or the other."""
        origin = visit.header("origin")
        if origin is None:
            return visit.header("sec-fetch-site") in (None, "same-origin", "none")
        return visit.is_own_page(origin, self._settings.public_url)

    def _is_of_host(self, visit: Visit, origin: str) -> bool:
        return visit.is_of_host(origin, self._settings.public_url)

    def refuse_stranger(
        self, visit: Visit, form: Iterable[tuple[str, str]] = (), body: bytes = b"", *, websocket: bool = False
    ) -> Refusal | None:
        """For what only Twilio asks for."""
        if not self._token:
            return self._refuse_page(visit)
        if is_genuine(
            visit.header("x-twilio-signature"),
            public_url=self.public_url(visit),
            path=visit.path,
            query=visit.query,
            form=form,
            body=body,
            token=self._token,
            websocket=websocket,
        ):
            return None
        text = (
            "X-Twilio-Signature is missing or wrong. If you are the operator: PHONEGAME_PUBLIC_URL must be the address "
            "that Twilio was given, and TWILIO_AUTH_TOKEN the account's primary token."
        )
        return Refusal(403, text, "not signed by Twilio")

    def _refuse_page(self, visit: Visit) -> Refusal | None:
        """While nothing is signed, this machine is let in, but not whatever page a browser on it shows: it could have a
        media stream listened to at the operator's cost. Twilio sends no origin.
        """
        origin = visit.header("origin")
        if origin is None or self._is_of_host(visit, origin):
            return None
        return Refusal(403, "A web page of another host may not do this.", "a web page in Twilio's place")


def _which(given: str | None, keys: Iterable[SecretStr]) -> int | None:
    """Takes as long whichever it is, and where it is none."""
    if not given:
        return None
    found = [compare_digest(given.encode("utf-8", "replace"), key.get_secret_value().encode()) for key in keys]
    return found.index(True) if True in found else None


def given_key(visit: Visit) -> str | None:
    """For the operator's: a bearer's, and a browser's password; the name does not matter."""
    scheme, _, credentials = (visit.header("authorization") or "").partition(" ")
    if scheme.lower() != "basic":
        return visit.bearer
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return text.partition(":")[2]
