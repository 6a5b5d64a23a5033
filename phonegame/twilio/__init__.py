"""Twilio Media Streams: messages as types and the time line of a call's audio. No I/O in here."""
