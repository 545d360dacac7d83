"""`status`, `pair ls|show`, `hedge ls|show`: what the node does, and did.

A running node is asked over its view socket. Without one, pairs and hedges
are told from its journal; so are hedges that have left a node's memory.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import click

from tools.change_verbs import pair_add, pair_change, pair_remove
from tools.client import OBSERVE, Absent, Client, pass_dir, reach
from tools.errors import NotConnected, UsageError
from tools.operate import hedge_release, hedge_retry, hedge_take, pair_disable, pair_enable
from tools.order import hedge_close, hedge_open, hedge_rollback
from tools.output import Output, pass_out
from tools.shard_places import node_dirs
from tools.timeline import hedge_timeline
from tools.watch import watch_option, watched

MANY = 1 << 53
"""More hedges than there will be."""


@click.command()
@click.option("--actors", is_flag=True, help="Its actors instead: mailboxes, restarts, last reasons.")
@watch_option
@pass_dir
@pass_out
def status(out: Output, directory: Path, watch: bool, actors: bool) -> None:
    """Show what the node is doing: venues, hedges, what is naked.

    Where none answers, what its journal says was last true; exit 4.
    """
    if watch and out.format == "table" and not actors:
        from tools.board_line import follow

        with reach(directory) as client:
            follow(client, out.lang)
        return
    try:
        watched(lambda: _status(out, directory, actors=actors), again=watch)
    except NotConnected:
        if not actors:
            from tools.status_record import show_all_on_record

            show_all_on_record(out, [(place, place.name if place != directory else "") for place in node_dirs(directory) if _has_journal(place)])
        raise


def _status(out: Output, directory: Path, *, actors: bool) -> None:
    from tools.status_rows import SPARE_OF_ACCOUNTS, status_rows

    if actors:
        with reach(directory, OBSERVE) as client:
            out.many(client.rows("ps", "path"))
        return
    with reach(directory) as client:
        told = client.ask("status")
    if out.format != "table":
        out.one(told)
        return
    node, venues = status_rows(out, told)
    out.one(node)
    out.many(venues)
    out.listed(told.get("accounts", []), SPARE_OF_ACCOUNTS)
    if "shards" in told:
        from tools.status_rows import shard_row

        out.many([shard_row(row) for row in told["shards"]])


# ------------------------------------------------ pairs


@click.group()
def pair() -> None:
    """The pairs: state, spreads, position, why one does not trade."""


for _verb in (pair_enable, pair_disable, pair_add, pair_change, pair_remove):
    pair.add_command(_verb)


@pair.command("ls")
@watch_option
@pass_dir
@pass_out
def pair_ls(out: Output, directory: Path, watch: bool) -> None:
    """List the pairs."""
    from tools.status_rows import pair_row, spare_of_pairs

    def look() -> None:
        rows = _either(out, directory, lambda client: list(client.rows("pairs", "pair")), pairs_on_record)
        if out.format in ("json", "jsonl"):
            out.many(rows)
            return
        told = [pair_row(out, row) for row in rows]
        out.listed(told, spare_of_pairs(told))

    watched(look, again=watch)


@pair.command("show")
@click.argument("name", required=False)
@watch_option
@pass_dir
@pass_out
def pair_show(out: Output, directory: Path, watch: bool, name: str | None) -> None:
    """Show one pair (NAME may be left out where there is but one)."""

    def look() -> None:
        told = _either(out, directory, lambda client: _asked_pair(client, name), lambda place: _pair_on_record(place, name))
        show_pair(out, told)

    watched(look, again=watch)


def show_pair(out: Output, told: dict[str, Any], columns: int | None = None) -> None:
    """One pair in tables that fit `columns` (the terminal's); whole in every other form."""
    from tools.status_rows import leg_row, money_row, pair_facts

    if out.format != "table":
        out.one(told)
        return
    columns = columns or get_terminal_size().columns
    out.one(pair_facts(out, told))
    legs = [leg_row(leg) for leg in told.get("legs") or []]
    money = [money_row(told["money"], leg) for leg in told["money"]["legs"]] if told.get("money") else []
    recent = [{**row, "repairs": len(row["repairs"])} for row in told.get("recent") or []]
    for rows in (legs, money, recent):
        if rows:
            out.line("")
            out.fitting(rows, columns)


def _asked_pair(client: Client, name: str | None) -> dict[str, Any]:
    return client.ask("pair", pair=name or _only([row["pair"] for row in client.rows("pairs", "pair")]))


def _only(names: list[str]) -> str:
    if len(names) != 1:
        raise UsageError(f"which pair? there are: {', '.join(names) or 'none'}")
    return names[0]


def pairs_on_record(directory: Path) -> list[dict[str, Any]]:
    """What the journal knows of pairs: no quotes, no reasons."""
    from actors.recovery import fold
    from journal.reader import read

    rows = []
    for place in node_dirs(directory):
        if _has_journal(place):
            found = fold(read(place / "journal"), {})
            found.ledgers.settle()
            rows += [_recorded(each, found.ledgers.of.get(each.name)) for each in found.pairs.values()]
    return rows


def _recorded(pair: Any, ledger: Any) -> dict[str, Any]:
    from domain.ledger import RATE_SCALE
    from domain.profit import profit_of

    rates = [] if ledger is None else [leg.rate / RATE_SCALE for leg in ledger.legs]
    return {
        "pair": pair.name,
        "state": str(pair.status),
        "mode": str(pair.mode),
        "units": pair.units,
        "naked": list(pair.naked),
        "naked_qty": sum(abs(lots) for lots in pair.naked),
        "hedges": pair.hedge_count,
        "failures": pair.failures,
        "hedge": None if pair.hedge is None else {"hedge": pair.hedge.hedge_id, "state": str(pair.hedge.status)},
        "legs": [
            {**place, "lots": lots, "net_lots": book.net, "today_lots": book.today, "cash_ticks": book.cash}
            for place, lots, book in zip(_places(pair), pair.lots, pair.books, strict=True)
        ],
        "money": None if ledger is None else profit_of(ledger, [None] * len(rates), rates),
    }


def _places(pair: Any) -> list[dict[str, str]]:
    """Where each leg trades, as its last hedge says."""
    hedge = pair.hedge or (pair.past[-1] if pair.past else None)
    if hedge is None:
        return [{} for _ in pair.lots]
    return [{"venue": leg.plan.venue, "symbol": leg.plan.symbol} for leg in hedge.legs]


def _pair_on_record(directory: Path, name: str | None) -> dict[str, Any]:
    rows = {row["pair"]: row for row in pairs_on_record(directory)}
    wanted = name or _only(list(rows))
    if wanted not in rows:
        raise Absent(f"no pair {wanted!r} is on record; there are: {', '.join(rows) or 'none'}")
    return rows[wanted]


# ------------------------------------------------ hedges


@click.group()
def hedge() -> None:
    """The hedges: what each did, what it cost; a STRANDED one in hand."""


for _verb in (hedge_open, hedge_close, hedge_rollback, hedge_retry, hedge_take, hedge_release, hedge_timeline):
    hedge.add_command(_verb)


@hedge.command("ls")
@click.option("-p", "--pair", "name", default=None, metavar="PAIR", help="Of this pair alone.")
@click.option("-n", "--last", type=click.IntRange(min=1), default=None, help="The newest so many alone.")
@watch_option
@pass_dir
@pass_out
def hedge_ls(out: Output, directory: Path, watch: bool, name: str | None, last: int | None) -> None:
    """List all hedges, oldest first: in flight and ended."""
    from tools.status_rows import SPARE_OF_HEDGES, hedge_row

    def look() -> None:
        rows = _hedges(out, directory, name, last)
        if out.format in ("json", "jsonl"):
            out.many(rows)
        else:
            out.listed(map(hedge_row, rows), SPARE_OF_HEDGES)

    watched(look, again=watch)


def _hedges(out: Output, directory: Path, name: str | None, last: int | None) -> list[dict[str, Any]]:
    """From the node where it has them all at hand, else from the journal."""
    rows = _either(out, directory, lambda client: _at_hand(client, name, last), lambda _: None)
    if rows is None:
        from tools.hedge_book import rows_in

        rows = rows_in([place for place in node_dirs(directory) if _has_journal(place)], name)
    return rows[-last:] if last else rows


def _at_hand(client: Client, name: str | None, last: int | None) -> list[dict[str, Any]] | None:
    """The node's rows, by the time of opening; None where it lacks some.

    It lacks what a pair no longer keeps, and when an earlier run's opened.
    """
    pairs = [client.ask("pair", pair=name)] if name else list(client.rows("pairs", "pair"))
    if getattr(client, "away", None):
        return None
    rows = list(client.rows("hedges", "hedge", pair=name))
    for told in pairs:
        there = sum(row["pair"] == told["pair"] for row in rows)
        if there < min(told.get("hedges") or 0, last or MANY):
            return None
    if any(row["times"]["opened"] is None for row in rows):
        return None
    return sorted(rows, key=lambda row: row["times"]["opened"])


@hedge.command("show")
@click.argument("hedge_id", metavar="HEDGE", required=False)
@watch_option
@pass_dir
@pass_out
def hedge_show(out: Output, directory: Path, watch: bool, hedge_id: str | None) -> None:
    """Show one hedge (HEDGE left out: the last one): legs, orders, cost."""
    from tools.status_rows import SPARE_OF_ORDERS, hedge_facts, hedge_leg_rows, order_rows

    def look() -> None:
        told = _hedge(out, directory, hedge_id)
        if out.format != "table":
            out.one(told)
            return
        out.one(hedge_facts(out, told))
        out.fitting(hedge_leg_rows(told), get_terminal_size().columns)
        out.listed(order_rows(told), SPARE_OF_ORDERS)

    watched(look, again=watch)


def _hedge(out: Output, directory: Path, hedge_id: str | None) -> dict[str, Any]:
    def asked(client: Client) -> dict[str, Any] | None:
        try:
            found = client.ask("hedge", hedge=hedge_id)
        except Absent:
            return None
        return found if found["times"]["opened"] is not None else None

    told = _either(out, directory, asked, lambda _: None)
    return told if told is not None else _hedge_on_record(directory, hedge_id)


def _hedge_on_record(directory: Path, hedge_id: str | None) -> dict[str, Any]:
    from tools.hedge_book import row_in

    told = row_in([place for place in node_dirs(directory) if _has_journal(place)], hedge_id)
    if told is None:
        what = f"no hedge {hedge_id!r} is on record" if hedge_id else "no hedge is on record yet"
        raise Absent(f"{what}: ./hedgerow hedge ls lists them")
    return told


# ------------------------------------------------ node or journal


def _either(
    out: Output, directory: Path, ask: Callable[[Client], Any], read: Callable[[Path], Any]
) -> Any:
    """What a running node says, else what its journal does, and say so.

    Raises: NotConnected where there is neither.
    """
    try:
        with reach(directory) as client:
            return ask(client)
    except NotConnected:
        if not any(_has_journal(place) for place in node_dirs(directory)):
            raise
        out.say(f"no node answers in {directory}: told from its journal")
    return read(directory)


def _has_journal(directory: Path) -> bool:
    from domain.errors import JournalError
    from journal.segment import segment_paths

    try:
        return bool(segment_paths(directory / "journal"))
    except JournalError:
        return False
