"""`calendar ls | show`: tables of sessions and holidays; what they say.

A trading day is shown with the night before it, in the exchange's time, in
UTC and in this machine's; for several products, when all of them are open.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import click

from tools.errors import UsageError
from tools.output import Output, pass_out

SECOND_NS = 1_000_000_000


@click.group(name="calendar")
def calendar() -> None:
    """Show sessions and holidays, by exchange and product."""


@calendar.command("ls")
@pass_out
def calendar_ls(out: Output) -> None:
    """List the tables: who keeps them, how far they reach, what is not confirmed."""
    from config.sessions import book_of

    rows = [_listed(found, products) for found, products in book_of().every()]
    if out.format in ("json", "jsonl"):
        out.many(rows)
        return
    out.many(
        [{**row, "products": _products_text(row["products"]), "unconfirmed": len(row["unconfirmed"])} for row in rows],
        LISTED,
    )
    out.say("hedgerow: -o json gives sources, and what of them is not confirmed")


LISTED = ("calendar", "products", "zone", "first_day", "last_day", "unconfirmed")


def _listed(found: Any, products: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    return {
        "calendar": found.name,
        "products": {exchange: list(names) for exchange, names in products.items()},
        "zone": str(found.zone),
        "first_day": str(found.first_day),
        "last_day": str(found.last_day),
        "source": found.source,
        "unconfirmed": dict(found.unconfirmed),
    }


def _products_text(products: dict[str, list[str]]) -> str:
    text = " ".join(f"{exchange}: {','.join(names)}" for exchange, names in products.items())
    return text if len(text) <= 60 else f"{text[:59]}…"


@calendar.command("show")
@click.argument("products", nargs=-1, metavar="[PRODUCT]...")
@click.option("-c", "--config", "files", multiple=True, metavar="FILE", help="The pairs of this configuration instead.")
@click.option(
    "--day", metavar="YYYY-MM-DD", default=None, help="The trading day (default: the one that is on, or the next)."
)
@pass_out
def calendar_show(out: Output, products: tuple[str, ...], files: tuple[str, ...], day: str | None) -> None:
    """Show a trading day's sessions; PRODUCT: SHFE.cu, or a contract, COMEX.HGH27.

    Without one: the pairs of -c FILE, or of hedgerow.toml in this directory.
    """
    wanted, now_ns = day_of(day), _now_ns()
    if products and not files:
        shown = [shown_group("", [(name, _known(name)) for name in products], wanted, now_ns)]
    else:
        shown = [shown_group(name, legs, wanted, now_ns) for name, legs in _pairs(files, products)]
    if out.format in ("json", "jsonl"):
        out.one({"now": _utc(now_ns), "groups": shown})
        return
    if out.format == "csv":
        out.many([row for group in shown for row in _rows(group)])
        return
    for group in shown:
        _table(out, group)


def day_of(text: str | None) -> date | None:
    """A day as a person writes it. Raises: UsageError."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--day {text!r}: allowed: a day as YYYY-MM-DD") from None


def _known(name: str) -> Any:
    from config.sessions import book_of

    book = book_of()
    found = book.of(name)
    if found is not None:
        return found
    exchange = name.partition(".")[0].upper()
    of_it = book.products(exchange)
    there = f"{exchange} has {', '.join(of_it)}" if of_it else f"exchanges: {', '.join(book.exchanges())}"
    raise UsageError(f"no calendar for {name!r}: allowed: EXCHANGE.PRODUCT; {there}")


def _pairs(files: tuple[str, ...], only: tuple[str, ...]) -> list[tuple[str, list[tuple[str, Any]]]]:
    """Each pair's legs with their calendars; `only`: these pairs."""
    from config.load import load_checked
    from config.pairspecs import pair_specs
    from tools.init import CONFIG_FILE

    specs = pair_specs(load_checked(files or (CONFIG_FILE,)), sends_orders=False)
    names = [spec.name for spec in specs]
    for name in only:
        if name not in names:
            raise UsageError(f"no pair {name!r}; there are: {', '.join(names)}")
    return [(s.name, [(leg.symbol, leg.calendar) for leg in s.legs]) for s in specs if not only or s.name in only]


def _now_ns() -> int:
    from system.clock import SystemClock

    return SystemClock().wall_ns()


# ------------------------------------------------ what is shown


def shown_group(name: str, legs: list[tuple[str, Any]], wanted: date | None, now_ns: int) -> dict[str, Any]:
    """Products together: each one's day, and when all are open in the first one's."""
    day = wanted or next((found.at(now_ns).trading_day for _, found in legs if found is not None), None)
    told = [_leg(symbol, found, day, now_ns) for symbol, found in legs]
    known = [found for _, found in legs if found is not None]
    overlap = []
    if day is not None and len(known) > 1 and len(known) == len(legs):
        overlap = [_stretch(known[0], start, end) for start, end in common(known, day)]
    return {"pair": name or None, "trading_day": None if day is None else str(day), "legs": told, "overlap": overlap}


def common(calendars: list[Any], day: date) -> list[tuple[int, int]]:
    """When all trade, within the first one's sessions of a trading day."""
    from datetime import timedelta

    from domain.calendars import Phase

    found = [(s.start_ns, s.end_ns) for s in calendars[0].sessions(day) if s.phase is Phase.OPEN]
    for other in calendars[1:]:
        open_ns = [
            (s.start_ns, s.end_ns)
            for offset in range(-4, 5)
            for s in other.sessions(day + timedelta(days=offset))
            if s.phase is Phase.OPEN
        ]
        found = [(max(a, c), min(b, d)) for a, b in found for c, d in open_ns if max(a, c) < min(b, d)]
    return found


def _leg(symbol: str, found: Any, day: date | None, now_ns: int) -> dict[str, Any]:
    if found is None:
        return {"symbol": symbol, "calendar": None, "phase": "by its venue's status", "sessions": []}
    from domain.opening import wall_text

    now = found.at(now_ns)
    told = {
        "symbol": symbol,
        "calendar": found.name,
        "zone": str(found.zone),
        "phase": str(now.phase),
        "opens": None if now.next_open_ns is None else wall_text(found, now.next_open_ns),
        "opens_utc": None if now.next_open_ns is None else _utc(now.next_open_ns),
        "last_day": str(found.last_day),
        "is_on": day is None or day == now.trading_day,
        "day_is_known": day is None or found.first_day <= day <= found.last_day,
    }
    if day is None:
        return {**told, "holiday": None, "sessions": []}
    special = found.special.get(day)
    holiday = found.closed.get(day) or (special.name if special is not None else None)
    sessions = [
        {
            "part": s.part,
            "phase": str(s.phase),
            "trading_day": str(s.trading_day),
            **_stretch(found, s.start_ns, s.end_ns),
        }
        for s in found.sessions(day)
    ]
    return {**told, "holiday": holiday, "sessions": sessions}


def _stretch(found: Any, start_ns: int, end_ns: int) -> dict[str, Any]:
    """A stretch of time on the exchange's wall, in UTC and on this machine's."""
    start, end = (datetime.fromtimestamp(at_ns // SECOND_NS, UTC) for at_ns in (start_ns, end_ns))
    return {
        "exchange": _from_to(start.astimezone(found.zone), end.astimezone(found.zone)),
        "utc": _from_to(start, end),
        "local": _from_to(start.astimezone(), end.astimezone()),
        "start": start.isoformat(),
        "end": end.isoformat(),
        "minutes": (end_ns - start_ns) // SECOND_NS // 60,
    }


def _from_to(start: datetime, end: datetime) -> str:
    later = f"{end:%m-%d }" if end.date() != start.date() else ""
    return f"{start:%a %m-%d %H:%M}-{later}{end:%H:%M}"


def _utc(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // SECOND_NS, UTC).isoformat()


PHASES = {"open": "trading"}
"""Words of a table; JSON has the phase's own."""
TIMES = ("exchange", "utc", "local", "minutes")


def _table(out: Output, group: dict[str, Any]) -> None:
    head = {key: group[key] for key in ("pair", "trading_day") if group[key] is not None}
    out.one({**head, **{leg["symbol"]: _now_text(out, leg) for leg in group["legs"]}})
    rows = _rows(group)
    if rows:
        out.many(rows)


def _rows(group: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [_row(leg["symbol"], each) for leg in group["legs"] for each in leg["sessions"]]
    return rows + [_row("all", {**each, "part": "overlap", "phase": "open"}) for each in group["overlap"]]


def _now_text(out: Output, leg: dict[str, Any]) -> str:
    """`closed, opens ...  china.night-0100  Spring Festival`; of another day nothing of now."""
    is_on = leg.get("is_on", True)
    state = out.word(PHASES.get(leg["phase"], leg["phase"])) if is_on else ""
    if is_on and leg.get("opens") and leg["phase"] != "open":
        state += f", {out.word('opens')} {leg['opens']}"
    unknown = "" if leg.get("day_is_known", True) else f"{out.word('that_day_is_not_known_table_ends').replace('_', ' ')} {leg['last_day']}"
    return "  ".join(text for text in (state, leg["calendar"], leg.get("holiday"), unknown) if text)


def _row(symbol: str, told: dict[str, Any]) -> dict[str, Any]:
    row = {"symbol": symbol, **{key: told[key] for key in ("part", "phase", *TIMES)}}
    return {**row, "phase": PHASES.get(row["phase"], row["phase"])}
