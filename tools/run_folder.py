"""The folder of one run of `demo` or `replay`: its own, and empty."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tools.errors import UsageError


def run_folder(folder: Path | None, verb: str) -> Path:
    """The given folder, made if need be; a new one where none is given.

    Raises: UsageError where it holds something.
    """
    if folder is None:
        return Path(tempfile.mkdtemp(prefix=f"hedgerow-{verb}-"))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty: a {verb} wants a folder of its own, give another --dir")
    folder.chmod(0o700)
    return folder.resolve()
