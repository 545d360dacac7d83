"""What a shard's node does before it is one; and a node without shards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from config.shards import FOLDER, for_shard
from domain.errors import ConfigError
from system.usage import confine
from tools import shard_places


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
    shard_places.refuse_moved(directory, {pair.name: directory for pair in config.pair})
    (directory / FOLDER / shard_places.FILE).unlink(missing_ok=True)
