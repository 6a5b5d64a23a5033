"""The brains that there are. Each follows brain.py, and knows nothing of calls, games and the other brains."""
