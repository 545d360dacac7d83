"""CURVE keys as files, and who may connect to a socket that asks for them.

A key file is two lines, `public = "..."` and `secret = "..."` in Z85, of mode
0600: whoever may read it is the node, or the gateway. An allow-list is a
public key a line; what follows it on the line is a remark.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from pathlib import Path

import zmq
from msgspec import Struct

from domain.errors import ConfigError

Z85 = re.compile(r"[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}")
"""A key of 32 bytes as text. Source: ZeroMQ RFC 32."""


class CurveKeys(Struct, frozen=True):
    """CURVE keys in Z85. `server_public`: on the connecting side only."""

    public: str
    secret: str
    server_public: str = ""


class CurveServer(Struct, frozen=True):
    """The binding side: its own keys, and the public keys it lets in."""

    keys: CurveKeys
    allowed: frozenset[str]

    def callback(self, _domain: str, key: bytes) -> bool:
        """Whether a client may connect: what pyzmq's authenticator asks."""
        return key.decode() in self.allowed


def make_keys(path: Path) -> str:
    """A new pair in a file of mode 0600; the public key. Raises: ConfigError."""
    public, secret = (key.decode() for key in zmq.curve_keypair())
    text = f'public = "{public}"\nsecret = "{secret}"\n'
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigError(str(path), "(file)", error.strerror, "a new file, in a folder that is there") from None
    with os.fdopen(fd, "w") as file:
        file.write(text)
    return public


def read_keys(path: Path, server_public: str = "") -> CurveKeys:
    """The pair of a file. Raises: ConfigError."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        fields = tomllib.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(str(path), "(file)", str(error), "a key file: ./hedgerow keys make FILE") from None
    if mode & 0o077:
        raise ConfigError(str(path), "mode", f"{mode:04o}", "0600: chmod it, and make new keys if others have read it")
    for key in ("public", "secret"):
        if not isinstance(fields.get(key), str) or not Z85.fullmatch(fields[key]):
            raise ConfigError(str(path), key, "(not shown)", "a CURVE key of 40 characters: ./hedgerow keys make FILE")
    if zmq.curve_public(fields["secret"].encode()).decode() != fields["public"]:
        raise ConfigError(str(path), "public", fields["public"], "the public key of the secret one in the same file")
    return CurveKeys(fields["public"], fields["secret"], server_public)


def read_server(keys: Path, allow: Path) -> CurveServer:
    """The binding side's files. Raises: ConfigError."""
    try:
        lines = allow.read_text().splitlines()
    except OSError as error:
        raise ConfigError(str(allow), "(file)", error.strerror, "a public key a line, of each node that may connect") from None
    allowed = set()
    for number, line in enumerate(lines, 1):
        key = line.split(maxsplit=1)[0] if line.strip() else ""
        if not key or (line.startswith("# ") or line == "#"):
            continue
        if not Z85.fullmatch(key):
            raise ConfigError(str(allow), f"line {number}", key, "a CURVE public key of 40 characters")
        allowed.add(key)
    if not allowed:
        raise ConfigError(str(allow), "(file)", "empty", "a public key a line, of each node that may connect")
    return CurveServer(read_keys(keys), frozenset(allowed))
