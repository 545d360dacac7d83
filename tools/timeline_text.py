"""A hedge's timeline as rows for programs, as a waterfall for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from journal.stages import OrderTimes, Stage
from journal.timeline import Timeline
from tools.audit_text import SIDES, utc
from tools.output import pad

Word = Callable[[str], str]

SHOWN = {"exchange": "exchange_event", "filled": "filled_node"}
"""Stages whose plain names mean something else on other screens."""

STRINGS = 0.15
"""How much of the axis what came before the first decision may take."""

NAME, AT, STEP = 22, 13, 12
BAR, FAR, OFF, UNKNOWN = "━", "«", "!", "?"


def timeline_map(found: Timeline) -> dict[str, Any]:
    """The whole of it, for JSON. Units: us since the first record."""
    return {
        "hedge": found.hedge,
        "pair": found.pair,
        "started": utc(found.started_ns),
        "duration_us": _us(found.duration_us),
        "outcome": found.outcome or None,
        "repaired_us": _us(found.repaired_us),
        "milestones": [
            {"what": each.what, "more": each.more, "seq": each.seq, "at_us": _us(each.at_us)} for each in found.milestones
        ],
        "clocks": [
            {"venue": each.venue or None, "clock": each.clock, "off": each.off, "at_least_us": each.at_least_us}
            for each in found.clocks
        ],
        "orders": [{**_order(each), "stages": [_stage(stage) for stage in each.stages]} for each in found.orders],
    }


def stage_rows(found: Timeline) -> Iterator[dict[str, Any]]:
    """A row a stage, for JSON lines and CSV."""
    for order in found.orders:
        for stage in order.stages:
            yield {"hedge": found.hedge, **_order(order), **_stage(stage)}


def _order(order: OrderTimes) -> dict[str, Any]:
    return {
        "cl_ord_id": order.cl_ord_id,
        "venue": order.venue,
        "symbol": order.symbol,
        "side": SIDES.get(order.side, order.side),
        "qty": order.qty,
        "cum_qty": order.cum_qty,
        "repair": order.repair,
        "because": order.because or None,
    }


def _stage(stage: Stage) -> dict[str, Any]:
    return {
        "stage": stage.stage,
        "clock": stage.clock,
        "at_us": _us(stage.at_us),
        "step_us": _us(stage.step_us),
        "off": stage.off,
        "why": stage.why or None,
    }


def _us(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


# ------------------------------------------------ bars


def bars_of(order: OrderTimes) -> Iterator[tuple[Stage, float | None]]:
    """Each stage with the moment from which its step is counted."""
    for stage in order.stages:
        yield stage, None if stage.at_us is None or stage.step_us is None else stage.at_us - stage.step_us


def axis_of(found: Timeline) -> tuple[float, float]:
    """From and to, us: all of the hedge, and some of what came before it."""
    stamps = [stage.at_us for order in found.orders for stage in order.stages if stage.at_us is not None and not stage.off]
    stamps += [each.at_us for each in found.milestones]
    last = max(stamps, default=0.0)
    first = min(stamps, default=0.0)
    return max(first, -STRINGS * max(last, 1.0)), max(last, first + 1.0)


# ------------------------------------------------ a terminal


def lines_of(found: Timeline, columns: int, word: Word) -> Iterator[str]:
    """The waterfall, as wide as the terminal."""
    yield from _head(found, word)
    room = columns - NAME - AT - STEP - 2
    axis = axis_of(found)
    for order in found.orders:
        yield ""
        yield order_title(order, word)
        for stage, from_us in bars_of(order):
            yield _line(stage, from_us, axis, room, word).rstrip()


def _head(found: Timeline, word: Word) -> Iterator[str]:
    yield f"{found.hedge}  {word(found.outcome or 'in_flight')}  {utc(found.started_ns)}  {found.duration_us:,.1f} us"
    for each in found.milestones:
        more = f"  {word(each.more)}" if each.more else ""
        yield f"  {each.at_us:>{AT},.1f}  {word(each.what)}{more}  #{each.seq}"
    yield f"  {word('repaired')}: {repaired(found, word)}"
    for clock in found.clocks:
        whose = f"{clock.venue} {word(clock.clock)}" if clock.venue else word("node")
        yield f"  {OFF} {whose}: {word(clock.off)} >= {clock.at_least_us:,.1f} us"


def repaired(found: Timeline, word: Word) -> str:
    """From the first repair to the hedge's end; or why there is no such time."""
    if found.repaired_us is not None:
        return f"{found.repaired_us:,.1f} us"
    chosen = any(each.what == "RepairChosen" for each in found.milestones)
    return f"- ({word('not ended yet' if chosen else 'no repair was needed')})"


def order_title(order: OrderTimes, word: Word) -> str:
    """What the order was, and what it answers."""
    because = f"{word('because')} #{order.because}" if order.because else word("quote")
    return (
        f"{order.cl_ord_id.rpartition('.')[2]}  {order.venue} {order.symbol} {word(SIDES.get(order.side, order.side))} "
        f"{order.cum_qty}/{order.qty}  {word('repair') + '  ' if order.repair else ''}({because})"
    )


def _line(stage: Stage, from_us: float | None, axis: tuple[float, float], room: int, word: Word) -> str:
    if stage.at_us is None:
        return f"{pad('  ' + stage_name(stage, word), NAME)}{UNKNOWN:>{AT}}  {word(stage.why)}"
    at = UNKNOWN if stage.at_us is None else f"{stage.at_us:,.1f}{OFF if stage.off else ''}"
    step = "" if stage.step_us is None else f"{round(stage.step_us, 1) + 0.0:+,.1f}"
    name = "  " + stage_name(stage, word)
    return f"{pad(name, NAME)}{at:>{AT}}{step:>{STEP}}  {_bar(stage, from_us, axis, room)}"


def stage_name(stage: Stage, word: Word) -> str:
    """The stage as screens call it."""
    key = SHOWN.get(stage.stage, stage.stage)
    named = word(key)
    return named if named != key else stage.stage.replace("_", " ")


def _bar(stage: Stage, from_us: float | None, axis: tuple[float, float], room: int) -> str:
    if stage.at_us is None or stage.off:
        return ""
    first, last = axis
    if stage.at_us < first:
        return FAR

    def column(at_us: float) -> int:
        return round((min(max(at_us, first), last) - first) / (last - first) * (room - 1))

    end = column(stage.at_us)
    begin = end if from_us is None else min(column(from_us), end)
    mark = FAR if from_us is not None and from_us < first else ""
    return (" " * begin + mark + BAR * (end - begin + 1 - len(mark)))[:room]


