"""What can go wrong with a measurement.

BenchError            the measurement cannot go on
    ProtocolError     the server sent what the benchmark cannot read
"""

from __future__ import annotations


class BenchError(Exception):
    """The measurement cannot go on. The text says why, and what to do where something can be done."""


class ProtocolError(BenchError):
    """The server under test sent something that the benchmark cannot read."""
