"""Paper mode: each venue that trades has a paper gateway in front of it.

The node connects to that one alone, on the path that it has for live trading.
The paper gateway reads the venue's feed; nobody connects to the venue's trade
endpoint, and a gateway that we start is given none (config/load.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from config.checks import endpoint_wrong
from config.load import ROOT, Loaded
from config.schema import Config, Venue
from domain.errors import ConfigError

QUOTED_ALONE = ("fx", "index")
SOURCE = ".source"
"""What a venue's own gateway is called, where the node starts it for its feed."""


def on_paper(loaded: Loaded, files: tuple[str, ...]) -> Config:
    """The configuration that a node runs on paper. Raises: ConfigError."""
    config = loaded.config
    words = tuple(word for file in files for word in ("-c", str(Path(file).resolve())))
    venues = tuple(each for venue in config.venue for each in papered(venue, Path(config.node.dir), words))
    for venue in venues:
        if venue.trade is not None and (wrong := endpoint_wrong(venue.trade)):
            raise loaded.error(("node", "dir"), config.node.dir, wrong)
    names = [venue.name for venue in config.venue]
    for index, venue in enumerate(config.venue):
        if venue.name + SOURCE in names:
            allowed = f"another name: on paper it is that of {venue.name}'s own gateway"
            raise ConfigError("configuration", f"venue[{venue.name + SOURCE}].name", venue.name + SOURCE, allowed)
        currencies = traded_in(config, venue)
        if len(currencies) > 1:
            allowed = f"one currency in all that it trades, on paper; its instruments have {', '.join(currencies)}: a venue each"
            raise loaded.error(("venue", index), venue.name, allowed)
    return replace(config, venue=venues)


def traded_in(config: Config, venue: Venue) -> list[str]:
    """What a venue's instruments settle in, those apart that are quoted alone."""
    traded = [each for each in config.instrument if each.venue == venue.name and each.kind not in QUOTED_ALONE]
    settled = {(each.base or each.currency) if each.kind == "inverse" else each.currency for each in traded}
    return sorted(settled) if venue.trade is not None else []


def papered(venue: Venue, folder: Path, words: tuple[str, ...]) -> Iterator[Venue]:
    """The paper venue, then its feed's gateway where the node starts it."""
    if venue.trade is None:
        yield venue
        return
    feed, trade = f"ipc://{folder}/{venue.name}.feed", f"ipc://{folder}/{venue.name}.trade"
    command = (
        f"{ROOT}/hedgerow", "gateway", "paper", *words, "--venue", venue.name, "--source", venue.feed,
        "--feed", feed, "--trade", trade, "--dir", f"{folder}/gateways/{venue.name}",
    )  # fmt: skip
    yield replace(venue, feed=feed, trade=trade, command=command, curve_server=None)
    if venue.command:
        yield replace(venue, name=venue.name + SOURCE, trade=None)
