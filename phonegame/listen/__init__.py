"""Listening: a call's audio goes to Deepgram, and what the caller said comes back."""
