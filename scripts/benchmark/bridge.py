"""The straightforward bridge that phonegame is measured against, as its libraries' documentation has it.

A task per direction, a memory channel between each two. It is no part of phonegame, and no example to follow:
it has no limits, no reconnect, no time-outs.
"""

from __future__ import annotations

import base64
import json
import os

import trio
from hypercorn.config import Config
from hypercorn.trio import serve
from quart import websocket
from quart_trio import QuartTrio
from trio_websocket import ConnectionClosed, WebSocketConnection, open_websocket_url

app = QuartTrio(__name__)
games: dict[str, trio.MemorySendChannel[str | bytes]] = {}
first_code, last_code = (int(number) for number in os.environ["PHONEGAME_CODES"].split("-"))
free_codes = [str(number) for number in range(first_code, last_code + 1)]


@app.websocket("/game")
async def game() -> None:
    await websocket.accept()
    if not free_codes:
        await websocket.close(1013, "all codes are taken")
        return
    code = free_codes.pop()
    games[code], messages = trio.open_memory_channel[str | bytes](100)
    try:
        await websocket.send("+15550100")
        await websocket.send(code)
        async with messages, trio.open_nursery() as nursery:
            nursery.start_soon(receive_from_game)
            async for message in messages:
                await websocket.send(message)
    finally:
        del games[code]
        free_codes.append(code)


async def receive_from_game() -> None:
    while True:
        await websocket.receive()


@app.websocket("/twilio")
async def twilio() -> None:
    await websocket.accept()
    authorization = b"Token " + os.environ["DEEPGRAM_API_KEY"].encode()
    headers = [(b"Authorization", authorization)]
    async with open_websocket_url(os.environ["DEEPGRAM_URL"], extra_headers=headers) as deepgram:
        audio_in, audio_out = trio.open_memory_channel[bytes](100)
        code_in, code_out = trio.open_memory_channel[str](1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(receive_from_twilio, audio_in, code_in)
            nursery.start_soon(send_to_deepgram, deepgram, audio_out)
            nursery.start_soon(send_to_game, deepgram, code_out)


async def receive_from_twilio(audio: trio.MemorySendChannel[bytes], codes: trio.MemorySendChannel[str]) -> None:
    keys = ""
    async with audio, codes:
        while True:
            message = json.loads(await websocket.receive())
            if message["event"] == "media":
                await audio.send(base64.b64decode(message["media"]["payload"]))
            elif message["event"] == "dtmf" and message["dtmf"]["digit"] != "#":
                keys += message["dtmf"]["digit"]
            elif message["event"] == "dtmf":
                await codes.send(keys)
            elif message["event"] == "stop":
                return


async def send_to_deepgram(deepgram: WebSocketConnection, audio: trio.MemoryReceiveChannel[bytes]) -> None:
    async for piece in audio:
        await deepgram.send_message(piece)
    await deepgram.send_message(json.dumps({"type": "CloseStream"}))


async def send_to_game(deepgram: WebSocketConnection, codes: trio.MemoryReceiveChannel[str]) -> None:
    line = games[await codes.receive()]
    await line.send("connected")
    try:
        while True:
            await line.send(await deepgram.get_message())
    except (ConnectionClosed, trio.BrokenResourceError):
        return  # Deepgram is done, or the game has left


if __name__ == "__main__":
    config = Config()
    config.bind = [os.environ["PROXY_URL"]]
    trio.run(serve, app, config)
