"""A certificate for 127.0.0.1 and its key, made on the spot: a key in a repository sets off every scanner."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files in PEM form. `authority` is what a client has to trust."""

    cert: Path
    key: Path
    authority: Path


def make_certificate(folder: Path, name: str = "server") -> Certificate:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    made = Certificate(*(folder / f"{name}.{part}.pem" for part in ("cert", "key", "authority")))
    made.cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    made.key.write_bytes(issued.private_key_pem.bytes())
    authority.cert_pem.write_to_path(str(made.authority))
    return made
