"""Which shard is meant: by an actor's name, a trace, an instrument.

`SHARD:NAME` is an actor as `ps` lists it; a name alone is enough where one
shard has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tools.client import OBSERVE, Absent, Client
from tools.errors import NotConnected, ToolError, UsageError

MARK = ":"


def of_actor(client: Any, name: str) -> tuple[str, str]:
    """An actor's shard, and its name there. Raises: Absent, UsageError, NotConnected."""
    shard, mark, rest = name.partition(MARK)
    if mark and shard in client.dirs:
        return shard, rest
    pair = name.partition("/")[0]
    if pair in client.places:
        return client.places[pair], name
    found, problem = [], None
    for each, place in client.dirs.items():
        try:
            with Client(place, OBSERVE) as observer:
                observer.ask("actor", name=name)
        except ToolError as error:
            problem = problem or error
        else:
            found.append(each)
    if len(found) > 1:
        raise UsageError(f"{name}: in each of several shards: {', '.join(f'{each}{MARK}{name}' for each in found)}")
    if not found:
        raise problem or Absent(f"no actor {name!r} in any shard: ./hedgerow ps lists them")
    return found[0], name


def trace_name(shard: str, number: int) -> str:
    """A trace of a node of shards: its number is counted by each."""
    return f"{shard}{MARK}{number}"


def of_trace(client: Any, trace: str) -> tuple[str, int]:
    """A trace's shard, and its number there. Raises: Absent."""
    shard, _, number = str(trace).partition(MARK)
    if shard not in client.dirs or not number.isdigit():
        raise Absent(f"no trace {trace!r}")
    return shard, int(number)


def of_instrument(client: Any, venue: str, symbol: str) -> str:
    """The shard whose pairs trade it. Raises: Absent, NotConnected."""
    for name, place in client.dirs.items():
        if name in client.there and (venue, symbol) in traded(place):
            return name
    if client.away:
        raise NotConnected(f"{symbol} at {venue}: no shard that answers trades it; away: {', '.join(client.away)}")
    raise Absent(f"no pair trades {symbol} at {venue}: ./hedgerow position ls")


def living_at(client: Any, venue: str) -> Iterator[str]:
    """Orders that live at a venue, a line for each hedge; and which shards could not be asked."""
    for shard, place in client.dirs.items():
        try:
            with Client(place) as view:
                rows = [row for row in view.rows("orders", "order") if row["venue"] == venue]
        except NotConnected:
            yield f"shard {shard} is away: what it has there is not known"
            continue
        for hedge in dict.fromkeys(row["hedge"] for row in rows):
            yield f"{shard}: {hedge}, live there: {' '.join(row['order'] for row in rows if row['hedge'] == hedge)}"


def traded(place: Any) -> set[tuple[str, str]]:
    """Every instrument that a shard's pairs trade, as it runs. Raises: NotConnected."""
    with Client(place) as view:
        return set(_legs(view))


def _legs(view: Client) -> Iterator[tuple[str, str]]:
    for row in view.rows("config", "table"):
        if row["table"].startswith("pair["):
            yield from ((leg["venue"], leg["symbol"]) for leg in row["settings"]["legs"])
