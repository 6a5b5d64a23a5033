"""The half of the speech service that speaks: Deepgram's `/v1/speak`, with eSpeak NG or the marker as its voice."""
