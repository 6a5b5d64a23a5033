"""What each call at the carrier is served with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from phonegame.local.twilio_api.config import CarrierConfig, Delivery, Event
from phonegame.local.twilio_api.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Equipment:
    """`deliveries` may change while a call goes on."""

    config: CarrierConfig
    webhooks: Webhooks
    deliveries: Mapping[Event, Delivery]
