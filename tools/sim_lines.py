"""What a fleet has run, kept: a JSON line a seed, to go on from.

The first line says of which code and Python the lines are, and with how much
trouble: seeds of other code would have other journals, so such a file is refused.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from tools.errors import UsageError
from tools.own_processes import ROOT

_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def code_digest(root: Path = ROOT) -> str:
    """SHA-256 of all that a seed may run: the packages' code, in the order of its paths."""
    found = hashlib.sha256()
    for package in sorted(each.parent for each in root.glob("*/__init__.py")):
        for path in sorted(package.rglob("*.py")):
            found.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    return found.hexdigest()


class Lines:
    """The file, open and locked. A line that was not written to its end is dropped.

    Raises: UsageError: no such file can be written, it is another's, or in use.
    """

    def __init__(self, path: Path, safety_ms: int, code: str) -> None:
        self.path = path
        self._head = {"code": code, "python": _PYTHON, "safety_ms": safety_ms}
        self._rows: dict[int, tuple[dict[str, Any], str | None]] = {}
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}: name a file that can be written") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._read()
        except BlockingIOError as error:
            os.close(self._fd)
            raise UsageError(f"{path}: another fleet writes to it: give this one another file") from error
        except (OSError, ValueError, KeyError, TypeError, UsageError) as error:
            os.close(self._fd)
            if isinstance(error, UsageError):
                raise
            raise UsageError(f"{path}: not the lines of a fleet: give another file") from error

    def _read(self) -> None:
        data = self.path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if not whole and data and not json.dumps(self._head).encode().startswith(data):
            raise ValueError
        if len(whole) < len(data):
            os.ftruncate(self._fd, len(whole))
        if not whole:
            self._write(self._head)
            return
        head, *lines = whole.splitlines()
        told = json.loads(head)
        for name, what in (("code", "other code"), ("python", f"Python {told['python']}"), ("safety_ms", f"--safety-ms {told['safety_ms']}")):
            if told[name] != self._head[name]:
                raise UsageError(f"{self.path}: its seeds ran with {what}: give another file")
        for line in lines:
            told = json.loads(line)
            self._rows[told["row"]["seed"]] = (told["row"], told["again"])

    def of(self, seed: int, *, twice: bool) -> tuple[dict[str, Any], str | None] | None:
        """What this seed came to, and the digest of its second run; None where it is to be run."""
        found = self._rows.get(seed)
        return None if found is None or (twice and found[1] is None) else (found[0], found[1] if twice else None)

    def put(self, row: dict[str, Any], again: str | None) -> None:
        """A seed has ended. One that broke its process is not kept: it is run again. Raises: OSError."""
        if row["journal_sha256"]:
            self._write({"row": row, "again": again})

    def _write(self, value: dict[str, Any]) -> None:
        line = (json.dumps(value) + "\n").encode()
        if os.write(self._fd, line) != len(line):
            raise OSError(28, "the disk is full", str(self.path))

    def close(self) -> None:
        """Give the file back."""
        os.close(self._fd)
