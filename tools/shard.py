"""What a shard's node does before it is one; and a node without shards."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from config.schema import Config
from config.shards import FOLDER, for_shard, placed_in
from domain.errors import ConfigError
from system.usage import confine
from tools import shard_places

SETTLED = "config.json"


def settle(directory: Path, config: Any) -> Path:
    """Keep what a root runs: shards are raised with it, whatever becomes of the files. Raises: OSError."""
    path = directory / FOLDER / SETTLED
    beside = path.with_suffix(".new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.encode(config))
    beside.replace(path)
    return path


def settled_config(path: Path) -> Config:
    """What the root runs. Raises: ConfigError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Config, strict=True)
    except (OSError, msgspec.MsgspecError, ValueError) as error:
        raise ConfigError(str(path), "(file)", str(error), "what a root has written there: start the root anew") from None


def others_pairs(config: Any, name: str) -> frozenset[str]:
    """Pairs that are placed in other shards."""
    return frozenset(pair for pair, place in placed_in(config).items() if place != name)


def shard_config(config: Any, name: str) -> Any:
    """The shard's part of the configuration; this process is confined to it.

    Before there is any thread: processors, niceness and memory are inherited.
    Raises: ConfigError where there is no such shard.
    """
    known = [each.name for each in config.shard]
    if name not in known:
        raise ConfigError("command line", "--shard", name, f"one of the configuration's shards: {', '.join(known) or 'it has none'}")
    own = for_shard(config, name)
    (shard,) = own.shard
    confine(shard.cpus, shard.nice, (shard.max_memory_mb or 0) << 20)
    return own


def alone(config: Any) -> None:
    """A node without shards, where there may have been some before.

    Raises: LockHeldError where one still runs; ConfigError where a pair's
    position is on record in one.
    """
    directory = Path(config.node.dir)
    if not (directory / FOLDER).is_dir():
        return
    shard_places.refuse_living(directory)
    shard_places.refuse_moved(directory, {pair.name: directory for pair in config.pair}, [directory])
    (directory / FOLDER / shard_places.FILE).unlink(missing_ok=True)
