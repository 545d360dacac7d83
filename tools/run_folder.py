"""Where a verb writes: a run's own empty folder, and files in it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tools.errors import UsageError


def run_folder(folder: Path | None, verb: str) -> Path:
    """The given folder, made if need be; a new one where none is given.

    Raises: UsageError where it holds something, or can't be made.
    """
    if folder is None:
        return Path(tempfile.mkdtemp(prefix=f"hedgerow-{verb}-"))
    made_folder(folder)
    if any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty: a {verb} wants a folder of its own, give another --dir")
    folder.chmod(0o700)
    return folder.resolve()


def made_folder(folder: Path) -> None:
    """Make it, and what it lies in. Raises: UsageError where that can't be."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}: give a folder that can be made and written") from None


def write_text(path: Path, text: str) -> None:
    """A file of results. Raises: UsageError where it can't be written."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}: give a file in a folder that can be written") from None


def writable(path: Path) -> None:
    """A file of results can be written there, which long work is about to do. Raises: UsageError."""
    is_there = path.exists()
    try:
        with path.open("a", encoding="utf-8"):
            pass
        if not is_there:
            path.unlink()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}: give a file in a folder that can be written") from None
