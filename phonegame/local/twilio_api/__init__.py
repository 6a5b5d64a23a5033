"""A stand-in for Twilio: its REST API, and calls in both directions, on this machine (`phonegame carrier`)."""

from phonegame.local.twilio_api.answers import (
    Answer,
    Answers,
    Attended,
    Behaviour,
    Busy,
    Declines,
    Fails,
    Lost,
    Machine,
    NoAnswer,
    Refused,
)
from phonegame.local.twilio_api.api_errors import ApiError
from phonegame.local.twilio_api.call import Alert, Call
from phonegame.local.twilio_api.carrier import ApiFault, LocalCarrier, serve_carrier
from phonegame.local.twilio_api.config import ACCOUNT_SID, AUTH_TOKEN, NUMBER, CarrierConfig, Delivery, Timing
from phonegame.local.twilio_api.handset import Handset
from phonegame.local.twilio_api.people import hang_up_at_once, listen, scripted
from phonegame.local.twilio_api.webhooks import Webhook

__all__ = [
    "ACCOUNT_SID",
    "AUTH_TOKEN",
    "NUMBER",
    "Alert",
    "Answer",
    "Answers",
    "ApiError",
    "ApiFault",
    "Attended",
    "Behaviour",
    "Busy",
    "Call",
    "CarrierConfig",
    "Declines",
    "Delivery",
    "Fails",
    "Handset",
    "LocalCarrier",
    "Lost",
    "Machine",
    "NoAnswer",
    "Refused",
    "Timing",
    "Webhook",
    "hang_up_at_once",
    "listen",
    "scripted",
    "serve_carrier",
]
