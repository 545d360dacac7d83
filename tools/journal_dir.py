"""Which directory holds the journal that a verb is asked about."""

from __future__ import annotations

from pathlib import Path

from domain.errors import JournalError
from journal.segment import segment_paths
from tools.errors import UsageError

JOURNAL = "journal"
CONFIG_FILE = "hedgerow.toml"


def journal_dir(given: str | None, files: tuple[str, ...] = ()) -> Path:
    """The directory given, or the one that the configuration names.

    A node's directory will do as well: its journal is the folder of that
    name in it. Raises: UsageError, saying what to give.
    """
    if given is None:
        given = _configured(files)
    for place in (Path(given), Path(given) / JOURNAL):
        try:
            if segment_paths(place):
                return place
        except JournalError:
            continue
    raise UsageError(f"{given}: no journal there: give the directory that holds segment-*.journal, or -c FILE")


def _configured(files: tuple[str, ...]) -> str:
    from config.load import load, placed

    if not files and not Path(CONFIG_FILE).is_file():
        raise UsageError(f"which journal? give its directory, or -c FILE (there is no {CONFIG_FILE} here)")
    return placed(load(files or (CONFIG_FILE,))).node.dir
