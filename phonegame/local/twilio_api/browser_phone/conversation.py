"""What somebody at a browser phone does while a call lasts: speaks, types, keys, and hears."""

from __future__ import annotations

import trio

from phonegame.local.phone import HungUpError
from phonegame.local.twilio_api.browser_phone.messages import Notice, Said, Saying, Told
from phonegame.local.twilio_api.browser_phone.outbox import Outbox
from phonegame.local.twilio_api.handset import Handset
from phonegame.speak.voice import SpeakError

MOST_SAYINGS = 8
MOST_KEYS = 32
"""That wait: what is typed for being said, and keys, of which a caller presses five a second."""


class Conversation:
    """One call, from the moment at which it is placed, or answered. It is the call's earpiece, too."""

    def __init__(self, handset: Handset, outbox: Outbox) -> None:
        self._handset = handset
        self._outbox = outbox
        self._to_say, self._sayings = trio.open_memory_channel[str](MOST_SAYINGS)
        self._to_key, self._keys = trio.open_memory_channel[str](MOST_KEYS)

    async def run(self) -> None:
        """Ends with the call."""
        self._handset.earpiece = self
        with self._to_say, self._sayings, self._to_key, self._keys:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._say)
                nursery.start_soon(self._key)
                await self._handset.wait_ended()
                nursery.cancel_scope.cancel()

    # --- what somebody does ---

    def speak_nowait(self, mulaw: bytes) -> None:
        self._handset.speak_nowait(mulaw)

    def say_nowait(self, text: str) -> None:
        try:
            self._to_say.send_nowait(text)
        except trio.WouldBlock:
            self._outbox.tell(Notice("Wait until what you have typed before has been said."))
        except trio.ClosedResourceError:
            pass  # the call has just ended

    def key_nowait(self, digit: str) -> None:
        try:
            self._to_key.send_nowait(digit)
        except trio.WouldBlock:
            self._outbox.tell(Notice("Press the keys more slowly: this one was not sent."))
        except trio.ClosedResourceError:
            pass  # the call has just ended

    # --- what is heard ---

    def hear(self, mulaw: bytes) -> None:
        self._outbox.play(mulaw)

    def clear(self) -> None:
        self._outbox.clear()

    def tell(self, text: str) -> None:
        self._outbox.tell(Told(text))

    # --- tasks ---

    async def _say(self) -> None:
        async for text in self._sayings:
            self._outbox.tell(Saying(text))
            try:
                await self._handset.say(text)
            except HungUpError:
                return
            except SpeakError as error:
                self._outbox.tell(Notice(f"This cannot be said: {error}"))
            else:
                self._outbox.tell(Said(text))

    async def _key(self) -> None:
        async for digit in self._keys:
            try:
                await self._handset.key(digit)
            except HungUpError:
                return
