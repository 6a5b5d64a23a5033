"""A certificate for 127.0.0.1 and its key, made on the spot: a key in a repository sets off every scanner."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Certificate:
    cert: Path
    key: Path


def make_certificate(folder: Path, name: str = "server") -> Certificate:
    """Signed by itself, so that it is its own authority. Skips the test where there is no `openssl` command."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl command to make a certificate with")
    made = Certificate(folder / f"{name}.cert.pem", folder / f"{name}.key.pem")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(made.key)]
    names = ["-subj", "/CN=phonegame", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        [openssl, "req", "-x509", "-days", "2", *key, *names, "-out", str(made.cert)], check=True, capture_output=True
    )
    return made
