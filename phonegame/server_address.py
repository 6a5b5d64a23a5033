"""Where the server of this machine is found by the other commands."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings

from phonegame.settings import Settings

DEFAULT_ADDRESS = "127.0.0.1:5000"


class ServerAddress(BaseSettings):
    """As much of the server's settings as it takes; faults in the others are none here."""

    model_config = Settings.model_config

    proxy_url: str = Field(DEFAULT_ADDRESS, validation_alias="PROXY_URL")
    cert_pem: str = Field("", validation_alias="CERT_PEM")


def server_url(address: str, *, tls: bool, scheme: str = "http") -> str:
    """`address`: host:port, where the server listens. `scheme`: without TLS."""
    host, _, port = address.rpartition(":")
    # bound to all addresses, it is on this machine's own too
    host = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)  # noqa: S104 - not bound here
    return f"{scheme}{'s' if tls else ''}://{host}:{port}"


def own_server(scheme: str = "http") -> str:
    """Where PROXY_URL says, in the environment or in `.env`."""
    where = ServerAddress()
    return server_url(where.proxy_url, tls=bool(where.cert_pem), scheme=scheme)
