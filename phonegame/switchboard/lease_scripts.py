"""What must be done in Redis in one go. Keys: the codes, then the changes, then the worker where it matters.

Source: https://redis.io/docs/latest/develop/programmability/lua-api/
"""

from __future__ import annotations

CODES = "{phonegame}:codes"
CHANGES = "{phonegame}:changes"


def key_of_worker(worker: str) -> str:
    """In one slot with the codes, where Redis is a cluster."""
    return f"{{phonegame}}:worker:{worker}"


_TELL = """
local function tell(code, worker)
    redis.call('XADD', KEYS[2], 'MAXLEN', '~', 10000, '*', 'code', code, 'worker', worker)
end
"""

TAKE = (
    _TELL
    + """
for at = 2, #ARGV do
    if redis.call('HSETNX', KEYS[1], ARGV[at], ARGV[1]) == 1 then
        tell(ARGV[at], ARGV[1])
        return {ARGV[at]}
    end
end
local owners = {''}
for at = 2, #ARGV do
    owners[at] = redis.call('HGET', KEYS[1], ARGV[at])
end
return owners
"""
)
"""Worker, codes -> the first of them that was free, alone; or an empty one, and the worker of each."""

BURIED = "!"
"""In the changes, in the place of a worker: the one that had the code has died."""

_GIVE_BACK = """
for at = 2, #ARGV do
    if redis.call('HGET', KEYS[1], ARGV[at]) == ARGV[1] then
        redis.call('HDEL', KEYS[1], ARGV[at])
        tell(ARGV[at], %r)
    end
end
"""
GIVE_BACK = _TELL + _GIVE_BACK % ""
"""Worker, codes: what is not that worker's stays."""

BURY = (
    _TELL
    + """
if redis.call('EXISTS', KEYS[3]) == 1 then
    return
end
"""
    + _GIVE_BACK % BURIED
)
"""As above, where that worker is dead."""

RENEW = (
    _TELL
    + """
redis.call('SET', KEYS[3], '1', 'PX', ARGV[2])
local lost = {}
for at = 3, #ARGV do
    local owner = redis.call('HGET', KEYS[1], ARGV[at])
    if not owner then
        redis.call('HSET', KEYS[1], ARGV[at], ARGV[1])
        tell(ARGV[at], ARGV[1])
    elseif owner ~= ARGV[1] then
        lost[#lost + 1] = ARGV[at]
        lost[#lost + 1] = owner
    end
end
return lost
"""
)
"""Worker, milliseconds, codes -> those that another worker has, each with that worker."""
