"""Deepgram's websockets, `/v1/listen` and others: messages as types, and what refusals mean. No I/O in here."""
