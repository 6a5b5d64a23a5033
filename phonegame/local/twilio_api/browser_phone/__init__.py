"""A telephone in the browser: a page of the local carrier's, and what the carrier does for it.

The page knows the carrier and nobody else, as a telephone knows its company: over one websocket it sends what the
microphone hears (mu-law, binary frames), is sent what is heard, and both tell what else happens (messages.py).
"""
