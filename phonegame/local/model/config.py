"""How a model server is set up."""

from __future__ import annotations

from dataclasses import dataclass, field

from phonegame.local.model.script import Script

KEPT_REQUESTS = 2000
MODEL = "local"


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """`port` 0: any free one. `key` None: any or none will do. `models`: those that there are; none: whatever is asked.

    `unknown_fields`: of OpenAI's requests, which this server refuses as if it had never heard of them.
    """

    host: str = "127.0.0.1"
    port: int = 0
    key: str | None = None
    models: tuple[str, ...] = ()
    script: Script = field(default_factory=Script)
    unknown_fields: tuple[str, ...] = ()
