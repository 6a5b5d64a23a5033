"""Deepgram's `/v1/listen`: messages as types, and what its refusals mean. No I/O in here."""
