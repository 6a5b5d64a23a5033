"""Characters at the terminal: without a phone, a game or a server."""
