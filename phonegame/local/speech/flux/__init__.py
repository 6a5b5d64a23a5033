"""`/v2/listen`: how Flux is asked, what it says, and when it takes a turn for over."""
