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


def hedge_journal(given: str | None, files: tuple[str, ...], hedge: str | None) -> tuple[Path, str]:
    """The journal that holds a hedge, and its id; without one the last that opened.

    Of a node of shards, the one in which the hedge's pair is placed. Raises:
    UsageError, NotOnRecord.
    """
    from domain.ids import hedge_pair
    from journal.story import last_hedge
    from tools.hedge_book import rows_in
    from tools.shard_places import node_dirs, pair_dir, read

    base = Path(given if given is not None else _configured(files))
    if not read(base):
        place = journal_dir(str(base))
        return place, hedge or last_hedge(place)
    if not hedge:
        rows = rows_in(place for place in node_dirs(base) if (place / JOURNAL).is_dir())
        if not rows:
            raise UsageError(f"{base}: no hedge is on record in any shard yet")
        hedge = str(rows[-1]["hedge"])
    return journal_dir(str(pair_dir(base, hedge_pair(hedge)))), hedge


def journals(given: str | None, files: tuple[str, ...] = ()) -> list[Path]:
    """Every journal of a node: its own, or its root's and then each shard's."""
    from tools.shard_places import shard_dirs

    base = Path(given if given is not None else _configured(files))
    return [journal_dir(str(place)) for place in (base, *shard_dirs(base).values()) if place == base or (place / JOURNAL).is_dir()]


def _configured(files: tuple[str, ...]) -> str:
    from config.load import load, placed

    if not files and not Path(CONFIG_FILE).is_file():
        raise UsageError(f"which journal? give its directory, or -c FILE (there is no {CONFIG_FILE} here)")
    return placed(load(files or (CONFIG_FILE,))).node.dir
