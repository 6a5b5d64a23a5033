"""The server as Twilio and players see it: through the network, at PHONEGAME_PUBLIC_URL."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from phonegame.access import MIN_KEY_LENGTH, NEW_KEY_HINT, require_locks, weak_keys
from phonegame.carrier import NO_COUNTRY, WITH_COUNTRY, Carrier, CarrierError
from phonegame.doctor.finding import Finding, Outcome
from phonegame.doctor.machine import is_healthy, is_serving
from phonegame.doctor.web import Answer, NoAnswer, get, upgrade
from phonegame.logs import masked
from phonegame.loopback import is_loopback
from phonegame.settings import NO_NUMBER, Settings, SettingsError
from phonegame.twilio.numbers import known_number
from phonegame.twilio.signature import SIGNATURE_HEADER, sign

STREAM_PATH = "/twilio"
WEBHOOK_PATH = "/twiml"

SKEWED_SECONDS = 60
WRONG_SECONDS = 300
"""Amazon refuses requests whose time is as far off; certificates and webhooks become hard to understand."""

_START = "Start `phonegame serve`, and run this again."
_BEHIND = frozenset([404, 502, 503, 504, 530])
"""What tunnels and proxies answer with when nothing runs behind them."""


def check_locks(settings: Settings) -> list[Finding]:
    """Keys and signatures, without which a server that can be reached from outside does not start."""
    try:
        require_locks(settings)
    except SettingsError as error:
        return [Finding("locks", Outcome.FAULT, fault) for fault in error.faults]
    return [_check_missing(settings), *_check_weak(settings)]


def _check_weak(settings: Settings) -> list[Finding]:
    weak = ", ".join(weak_keys(settings))
    text = f"{weak}: a key has fewer than {MIN_KEY_LENGTH} characters, and could be guessed."
    return [Finding("locks", Outcome.WARNING, text, f"Set a longer one; {NEW_KEY_HINT}.")] if weak else []


def _check_missing(settings: Settings) -> Finding:
    missing = ", ".join(settings.missing_locks)
    if not missing:
        return Finding("locks", Outcome.OK, "keys for games and operator, and Twilio's signature")
    if settings.insecure:
        text = f"{missing} missing, and PHONEGAME_INSECURE lets everybody in."
        return Finding("locks", Outcome.WARNING, text, "Set them, and remove PHONEGAME_INSECURE.")
    return Finding("locks", Outcome.OK, f"{missing} not set; only this machine can reach the server")


async def check_public_url(settings: Settings) -> Finding:
    name = "public address"
    if not settings.public_url:
        return _no_public_url(name)
    try:
        answer = await get(f"{settings.public_url}/healthz")
    except NoAnswer as error:
        if is_loopback(host_of(settings.public_url)) and not await is_serving(settings):
            return Finding(name, Outcome.WARNING, f"No server runs at {settings.proxy_url}.", _START)
        fix = "Check PHONEGAME_PUBLIC_URL, its DNS entry and certificate, and whether tunnel or proxy runs."
        return Finding(name, Outcome.FAULT, f"{settings.public_url}: {error}.", fix)
    if answer.status == 200 and is_healthy(answer.body):
        return Finding(name, Outcome.OK, f"{settings.public_url} leads to phonegame")
    return await _wrong_answer(name, settings, answer)


async def _wrong_answer(name: str, settings: Settings, answer: Answer) -> Finding:
    text = f"{settings.public_url}/healthz answers with HTTP status {answer.status}"
    if answer.status in _BEHIND and not await is_serving(settings):
        return Finding(name, Outcome.WARNING, f"{text}, and no server runs at {settings.proxy_url}.", _START)
    if 300 <= answer.status < 400:
        fix = "Set PHONEGAME_PUBLIC_URL to the address that it redirects to: media streams follow no redirects."
        return Finding(name, Outcome.FAULT, f"{text}, a redirect.", fix)
    if answer.status == 403:
        return Finding(name, Outcome.FAULT, f"{text}.", "See what is said of the locks, and restart the server.")
    fix = f"Let tunnel or proxy lead to {settings.proxy_url}, with the whole path and all headers."
    return Finding(name, Outcome.FAULT, f"{text}, and it is not phonegame that does.", fix)


async def check_stream(settings: Settings) -> Finding:
    """Opens a media stream as Twilio would, and again without a signature."""
    name = "media stream"
    if not settings.public_url:
        return _no_public_url(name)
    address = f"{settings.public_url}{STREAM_PATH}"
    token = settings.twilio_auth_token.get_secret_value()
    signed = {SIGNATURE_HEADER.decode(): sign(address.replace("http", "ws", 1), (), token)} if token else {}
    try:
        status = await upgrade(address, signed)
        unsigned = await upgrade(address, {}) if token else None
    except NoAnswer as error:
        return Finding(name, Outcome.NOT_CHECKED, f"{address}: {error}. See what is said of the public address.")
    if status != 101:
        return await _no_stream(name, settings, status)
    if unsigned == 101:
        fix = "Restart the server: it was started without TWILIO_AUTH_TOKEN, or with another .env."
        return Finding(name, Outcome.FAULT, f"{address} takes streams that Twilio has not signed.", fix)
    how = "signed ones only" if token else "without a signature, since TWILIO_AUTH_TOKEN is not set"
    return Finding(name, Outcome.OK, f"{address} takes streams: {how}")


async def _no_stream(name: str, settings: Settings, status: int) -> Finding:
    text = f"{settings.public_url}{STREAM_PATH} answers a websocket with HTTP status {status}"
    if status in _BEHIND and not await is_serving(settings):
        return Finding(name, Outcome.WARNING, f"{text}, and no server runs at {settings.proxy_url}.", _START)
    if status == 403:
        fix = (
            "Restart the server with these settings: PHONEGAME_PUBLIC_URL and TWILIO_AUTH_TOKEN must be the same; "
            "if they are, the proxy changes the path."
        )
        return Finding(name, Outcome.FAULT, f"{text}: it takes our signature for a forged one.", fix)
    fix = "Let tunnel or proxy pass websockets on (in nginx: proxy_http_version 1.1, Upgrade and Connection headers)."
    return Finding(name, Outcome.FAULT, f"{text}.", fix)


async def check_clock(settings: Settings, now: Callable[[], float] = time.time) -> Finding:
    """Against the carrier's: a server of ours would have the clock that is to be checked."""
    try:
        answer = await get(f"{settings.twilio_api_url}/")
        theirs = email.utils.parsedate_to_datetime(answer.date or "").timestamp()
    except NoAnswer as error:
        return Finding("clock", Outcome.NOT_CHECKED, f"{settings.twilio_api_url}: {error}.")
    except ValueError:
        return Finding("clock", Outcome.NOT_CHECKED, f"{settings.twilio_api_url} does not tell the time.")
    skew = now() - theirs
    if abs(skew) <= SKEWED_SECONDS:
        return Finding("clock", Outcome.OK, "right")
    outcome = Outcome.FAULT if abs(skew) > WRONG_SECONDS else Outcome.WARNING
    direction = "fast" if skew > 0 else "slow"
    text = f"It is {abs(skew):.0f} seconds {direction}."
    return Finding("clock", outcome, text, "Have the system set it (timedatectl set-ntp true).")


async def check_number(settings: Settings) -> Finding:
    """Who answers calls to TWILIO_PHONE_NUMBER, as Twilio has it."""
    name = "phone number"
    if settings.twilio_phone_number == NO_NUMBER:
        text = "TWILIO_PHONE_NUMBER is not set: callers use `phonegame call`."
        return Finding(name, Outcome.NOT_CHECKED, text)
    if not Carrier.is_set_up(settings):
        text = "Looking it up takes TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN (or an API key), and PHONEGAME_PUBLIC_URL."
        return Finding(name, Outcome.NOT_CHECKED, text)
    shown, bare = masked(settings.twilio_phone_number), known_number(settings.twilio_phone_number)
    if bare is None:
        text = f"TWILIO_PHONE_NUMBER {NO_COUNTRY}: no call can come from it, and nobody can look it up."
        return Finding(name, Outcome.FAULT, text, f"{WITH_COUNTRY.capitalize()}.")
    try:
        number = await Carrier(settings).find_number(bare)
    except CarrierError as error:
        return Finding(name, Outcome.FAULT, f"{error}.", "Mend that in Twilio's console, or in the settings.")
    if number is None:
        fix = "Set TWILIO_PHONE_NUMBER to a number that Twilio's console lists, and check the account."
        return Finding(name, Outcome.FAULT, f"{shown} is no number of the account.", fix)
    if number.overridden_by:
        text = f"Calls to {shown} are answered by {number.overridden_by}, which comes before any webhook."
        return Finding(name, Outcome.FAULT, text, "Take it off the number in Twilio's console.")
    wanted = f"{settings.public_url}{WEBHOOK_PATH}"
    if number.voice_url != wanted:
        there = "another address" if number.voice_url else "nobody"
        return Finding(name, Outcome.FAULT, f"Calls to {shown} are answered by {there}.", "phonegame twilio setup")
    if number.voice_method != "POST":
        text = f"Calls to {shown} are announced by {number.voice_method}, and only POST is taken."
        return Finding(name, Outcome.FAULT, text, "phonegame twilio setup")
    return Finding(name, Outcome.OK, f"calls to {shown} are answered by {wanted}")


def host_of(url: str) -> str | None:
    return urlsplit(url).hostname


def _no_public_url(name: str) -> Finding:
    text = "PHONEGAME_PUBLIC_URL is not set: Twilio cannot reach this server, only `phonegame call` can."
    return Finding(name, Outcome.NOT_CHECKED, text)
