"""The live demo: the real server, the stand-ins around it, and a call into a game. `scripts/demo.py` starts it."""
