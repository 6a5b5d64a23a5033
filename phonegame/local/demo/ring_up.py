"""The call in the other direction: the game rings the player up, who answers, listens, and says a sentence."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import trio

from phonegame.audio import BYTES_PER_SECOND, SILENCE
from phonegame.local.demo.carrier_lines import Happening
from phonegame.local.demo.conversation import Conversation, Reply
from phonegame.local.demo.ears import Recognise, candidates, ears_at
from phonegame.local.demo.game import PizzaGame
from phonegame.local.demo.phones import PLAYER
from phonegame.local.demo.script import CALL_BACK
from phonegame.local.demo.stage import KEY, Stage
from phonegame.local.phone import wav
from phonegame.local.v1_client import V1Client
from phonegame.wire.v1 import SayFinished

DIALLED_SECONDS = 45.0
"""For all of it, from dialling to the end."""
RECORDING_SECONDS = 5.0
"""From the end of the call, for the carrier to write it."""
APART_SECONDS = 1.0
"""With so much silence between them two sounds are two sentences: the player speaks there, and listens before that."""


async def ring_up(client: V1Client, stage: Stage, on_change: Callable[[Conversation], None]) -> Conversation:
    """The game must have no other call. Raises GameFailed, DeepgramFailure, WavError, in groups."""
    begun = trio.current_time()
    conversation = Conversation(lambda: trio.current_time() - begun, on_change, CALL_BACK)
    recordings: list[Path] = []
    with stage.carrier_lines.followed_by(partial(_note, conversation, recordings)):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(PizzaGame(client, conversation, _no_check).run)
            await client.dial(PLAYER)
            with trio.move_on_after(DIALLED_SECONDS):
                await conversation.wait_until(lambda: conversation.has_ended)
            nursery.cancel_scope.cancel()
        with trio.move_on_after(RECORDING_SECONDS):
            await conversation.wait_until(
                lambda: bool(recordings) and all(sign.is_complete for sign in conversation.signs)
            )
    if recordings:
        await _listen(conversation, recordings[0], ears_at(stage.listen_url, KEY))
    return conversation


def _note(conversation: Conversation, recordings: list[Path], happening: Happening) -> None:
    """What happens at the phone."""
    what, _, detail = happening.text.partition(": ")
    match what:
        case "ringing":
            conversation.at_phone("ringing")
        case "in-progress":
            conversation.at_phone("answered")
        case "completed":
            conversation.at_phone("over")
        case "says":
            conversation.begin_sentence(detail)
        case "has said":
            conversation.end(conversation.sentences[-1])
        case "recorded":
            recordings.append(Path(detail))
            conversation.touch()


async def _no_check(_: Reply) -> None:
    """The recording is listened to once the call is over."""
    await trio.lowlevel.checkpoint()


async def _listen(conversation: Conversation, recording: Path, recognise: Recognise) -> None:
    """A reply begins with a sound, and is as long as its receipt says: the carrier says goodbye behind the last."""
    heard = await trio.to_thread.run_sync(wav.read, recording)

    async def listen(reply: Reply, sound: bytes) -> None:
        conversation.understood(reply, await recognise(sound, candidates(reply)))

    async with trio.open_nursery() as nursery:
        for reply, sound in zip(conversation.replies, sounds(heard), strict=False):
            if isinstance(reply.receipt, SayFinished):
                nursery.start_soon(listen, reply, sound[: round(reply.receipt.seconds * BYTES_PER_SECOND)])


def sounds(mulaw: bytes) -> list[bytes]:
    """What is between the long silences."""
    silence = SILENCE * round(APART_SECONDS * BYTES_PER_SECOND)
    return [sound for part in mulaw.split(silence) if (sound := part.strip(SILENCE))]
