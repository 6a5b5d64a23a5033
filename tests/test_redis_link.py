"""The way to Redis, with a real server: lost, found, paused, and asked meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import trio
from packaging.version import Version

from phonegame import redis_link
from phonegame.groups import leaves
from phonegame.redis_link import RedisAway, RedisLink, RedisRefuses, open_redis
from tests.ports import free_port
from tests.redis_server import RedisServer, redis_cluster, redis_server


@pytest.fixture
async def server() -> AsyncIterator[RedisServer]:
    async with redis_server() as server:
        yield server


async def lost(link: RedisLink) -> None:
    while link.is_up:  # noqa: ASYNC110 - nothing tells of it
        await trio.sleep(0.01)


async def test_it_answers(server: RedisServer) -> None:
    async with open_redis(server.url) as link:
        assert await link.ask(lambda client: client.set("key", "value"))
        assert await link.ask(lambda client: client.get("key")) == b"value"


async def test_one_that_is_not_there_is_waited_for(server: RedisServer) -> None:
    await server.stop()
    async with open_redis(server.url) as link:
        assert not link.is_up
        with pytest.raises(RedisAway):
            await link.ask(lambda client: client.ping())
        with pytest.raises(RedisAway):
            await link.ask(lambda client: client.ping(), wait=0.1)
        await server.start()
        await link.ask(lambda client: client.ping(), wait=20)


@pytest.mark.parametrize("way", ["kill", "stop"])
async def test_one_that_goes_is_noticed_and_connected_anew(way: str, server: RedisServer) -> None:
    async with open_redis(server.url) as link:
        await link.ask(lambda client: client.ping())
        if way == "kill":
            server.kill()
        else:
            await server.stop()
        # without having been asked anything
        await lost(link)
        with pytest.raises(RedisAway):
            await link.ask(lambda client: client.ping())
        await server.start()
        await link.wait_until_up()
        await link.ask(lambda client: client.ping())
        assert link.times_connected == 2


@pytest.mark.slow
async def test_one_that_is_paused_is_away_until_it_goes_on(server: RedisServer) -> None:
    async with open_redis(server.url) as link:
        server.pause()
        with pytest.raises(RedisAway):
            await link.ask(lambda client: client.ping())
        assert not link.is_up
        server.go_on()
        await link.wait_until_up()


async def test_who_is_blocked_on_it_learns_that_it_is_gone(server: RedisServer) -> None:
    async with open_redis(server.url) as link, trio.open_nursery() as nursery:

        async def block() -> None:
            with pytest.raises(RedisAway):
                await link.ask(lambda client: client.blpop(["nothing"], timeout=2))

        nursery.start_soon(block)
        await trio.sleep(0.05)
        server.kill()


async def test_a_fault_of_the_command_is_no_loss(server: RedisServer) -> None:
    from coredis.exceptions import ResponseError

    async with open_redis(server.url) as link:
        await link.ask(lambda client: client.set("key", "no list"))
        with pytest.raises(ResponseError):
            await link.ask(lambda client: client.lpush("key", ["element"]))
        assert link.is_up


async def test_a_wrong_password_is_said_and_not_shown() -> None:
    async with redis_server("--requirepass", "right") as server:
        url = server.url.replace("//", "//:wrong-secret@")
        with pytest.RaisesGroup(RedisRefuses, flatten_subgroups=True) as raised:
            async with open_redis(url):
                pass
        (error,) = leaves(raised.value)
        assert "PHONEGAME_REDIS_URL" in str(error)
        assert "wrong-secret" not in repr(error)
        async with open_redis(server.url.replace("//", "//:right@")) as link:
            await link.ask(lambda client: client.ping())


async def test_one_that_is_too_old_is_refused(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_link, "OLDEST", Version("99"))
    with pytest.RaisesGroup(pytest.RaisesExc(RedisRefuses, match="too old: 99 is needed"), flatten_subgroups=True):
        async with open_redis(server.url):
            pass


async def test_a_password_that_is_changed_is_no_end(server: RedisServer) -> None:
    async with open_redis(server.url) as link:
        await link.ask(lambda client: client.config_set({"requirepass": "other"}))
        await link.ask(lambda client: client.acl_setuser("default", "nopass", "-@all"))
        with pytest.raises(RedisAway):
            await link.ask(lambda client: client.get("key"))


async def test_a_cluster_answers() -> None:
    async with redis_cluster() as [server], open_redis(server.url) as link:
        await link.ask(lambda client: client.set("{one}key", "value"))
        assert await link.ask(lambda client: client.get("{one}key")) == b"value"


async def test_a_port_where_nobody_is_is_away_too() -> None:
    async with open_redis(f"redis://127.0.0.1:{free_port()}/0") as link:
        assert not link.is_up
