"""What a game sees: the protocols that games speak, as functions from events to messages. No I/O in here."""
