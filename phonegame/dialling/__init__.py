"""Outgoing calls.

rules.py      which numbers may be dialled
quota.py      how often, and how many at once
outgoing.py   one outgoing call, from the order to its end
dialler.py    all of them: takes orders, and whatever the carrier tells about them
desk.py       brings that to the worker which has placed the call
"""

from __future__ import annotations

from phonegame.dialling.dialler import Answer, Dialler
from phonegame.dialling.outgoing import Order, OutgoingCall
from phonegame.dialling.quota import DialLimits, DialQuota
from phonegame.dialling.rules import DialRefused, DialRules, Rule

__all__ = [
    "Answer",
    "DialLimits",
    "DialQuota",
    "DialRefused",
    "DialRules",
    "Dialler",
    "Order",
    "OutgoingCall",
    "Rule",
]
