"""Speaking: a game's sentences become audio for the caller."""
