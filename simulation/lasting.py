"""What must outlive a node: as it lived, and as its journal has it.

Pairs and their ledgers, the operators' words, the repair children's mandates,
who owns each live order, and the outside trades that were judged. A start
reads from a snapshot where there is one: what that gives is compared with the
whole journal, field by field.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from actors.recovery import Recovered
from actors.snapshots import NAME, make, recover
from domain.errors import HedgerowError

CHILDREN = ("/replenish", "/rollback")


def lived(node: Any) -> dict[str, Any]:
    """A node's state, as its journal must have it."""
    desk = node.desk
    desk.ledgers.settle()
    given = sorted(node.giving_up.given)
    memories = {name: memory for name, memory in desk.memories.items() if "/" in name}
    found = _pairs(node.pairs(), desk.ledgers)
    if not (desk.journal_failed or desk.journal.failed or desk.journal.broken):  # else a kill holds unrecorded, and a day rolls untold
        found["words"] = desk.controls.state
        found["outside"] = sorted(node.recovered.outside.known)
        found["given"] = given  # whose children are no more, whatever is on record of them until their mandates are returned
        if not any(box.has_mail() for name, box in node.runtime.boxes.items() if name.endswith(CHILDREN)):
            found["children"] = _children(memories, given)
        found["owners"] = {ref: _owner(desk, ref) for ref in _live(node.pairs(), given)}
    return found


def folded(found: Recovered, before: dict[str, Any] | None) -> dict[str, Any]:
    """The same of what a journal came to; as much of it as `before` has."""
    found.ledgers.settle()
    told, given = _pairs(found.pairs, found.ledgers), (before or {}).get("given", [])
    every = {
        "words": found.controls,
        "outside": sorted(found.outside.known),
        "given": given,
        "children": _children(found.children, given),
        "owners": {ref: found.owner(ref) for ref in _live(found.pairs, given)},
    }
    return told | {key: value for key, value in every.items() if before is not None and key in before}


def _pairs(pairs: dict[str, Any], ledgers: Any) -> dict[str, Any]:
    return {name: (pair, ledgers.of.get(name)) for name, pair in pairs.items() if pair.hedge_count}


def _children(memories: dict[str, Any], given: list[str]) -> dict[str, Any]:
    """By child: its mandates, and whether each is of an open."""
    living = [(name, memory) for name, memory in sorted(memories.items()) if name.partition("/")[0] not in given]
    return {name: (memory.states, memory.opens) for name, memory in living if memory.states}


def _live(pairs: dict[str, Any], given: list[str]) -> list[str]:
    """Orders that may still be reported on, of hedges in flight."""
    hedges = [pair.hedge for name, pair in pairs.items() if pair.hedge is not None and name not in given]
    return [order.cl_ord_id for hedge in hedges for leg in hedge.legs for order in leg.orders if order.live]


def _owner(desk: Any, ref: str) -> str:
    leg = int(ref.rpartition(".")[2][0])
    return list(desk.links.values())[leg].routes.owner(ref)


def difference(found: Any, before: Any) -> str:
    """Where two states part, as short as that can be said."""
    fields = getattr(before, "__struct_fields__", None)
    if fields and type(found) is type(before):
        pairs = [(name, getattr(found, name), getattr(before, name)) for name in fields]
    elif isinstance(before, dict) and isinstance(found, dict) and found.keys() == before.keys():
        pairs = [(str(key), found[key], before[key]) for key in before]
    elif isinstance(before, tuple) and isinstance(found, tuple) and len(before) == len(found):
        pairs = [(str(index), *both) for index, both in enumerate(zip(found, before, strict=True))]
    else:
        return f"{found} from the journal, {before} before"
    return "; ".join(f"{name}: {difference(one, other)}" for name, one, other in pairs if one != other)


# ------------------------------------------------ snapshots


def snap(directory: Path, lots: dict[str, tuple[int, ...]]) -> bool:
    """Make one of all that is on record now, as a process of its own does; False where it can't be."""
    try:
        first, last = make(directory, lots)
    except (HedgerowError, OSError):
        return False  # a torn or a failing disk: the next start reads all
    return last >= first


def snapshot_differs(directory: Path, lots: dict[str, tuple[int, ...]], whole: Recovered) -> str:
    """Where a start from the snapshot would know something else than the whole journal says, or ""."""
    if not (directory / NAME).exists():
        return ""
    found, first, _ = recover(directory, lots)
    if first == 1:
        return ""  # it is none of ours: all was read
    shorter, longer = _every(found), _every(whole)
    return difference(shorter, longer) if shorter != longer else ""


def _every(found: Recovered) -> dict[str, Any]:
    """All that a fold has come to."""
    found.ledgers.settle()
    return {
        "pairs": found.pairs,
        "legs": found.legs,
        "children": {name: (each.states, each.books, each.opens) for name, each in found.children.items()},
        "owners": found.owners,
        "venues": {name: (seen, _told(found.venues.known(name))) for name, seen in found.venues.every()},
        "words": found.controls,
        "outside": (sorted(found.outside.known), found.outside.waiting),
        "ledgers": found.ledgers.of,
        "past": tuple(found.ledgers.past),
        "differences": tuple(found.ledgers.differences),
        "changed": found.changed,
    }


def _told(known: Any) -> tuple[Any, Any]:
    known.settle()
    return known.day, known.day_before
