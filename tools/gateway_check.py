"""`gateway check`: what of the protocol page a gateway falls short of."""

from __future__ import annotations

import sys
from typing import Any

import click

from tools.conformance import PASSED, UNTRIED, Sheet
from tools.errors import FINE, GATE, NotConnected, UsageError
from tools.output import Output, pass_out

COLUMNS = ("check", "level", "result", "promise")


@click.command(name="check")
@click.argument("feed")
@click.argument("trade")
@click.argument("symbol")
@click.option("--seconds", type=click.FloatRange(1.5, 3600), default=3.0, help="How long the feed is watched.")
@click.option("--orders", is_flag=True, help="Send real orders too: they should rest, and are cancelled.")
@click.option("--side", type=click.Choice(("buy", "sell")), default="buy", help="Side of those orders.")
@click.option("--px", type=int, default=None, help="Their price in ticks, far from the market.")
@click.option("--qty", type=click.IntRange(1), default=1, help="Their lots.")
@click.option("-y", "--yes", is_flag=True, help="Agree beforehand that orders are sent.")
@pass_out
def check(
    out: Output, feed: str, trade: str, symbol: str, seconds: float, orders: bool, side: str, px: int | None, qty: int,
    yes: bool,
) -> int:  # fmt: skip
    """Hold a running gateway to the protocol page, promise by promise.

    FEED and TRADE are its endpoints (TRADE "-": a feed alone), SYMBOL one that
    it announces. It logs on as a node of its own (check-...), and sends no
    order without --orders. Exit 3 when a promise that must hold does not.
    """
    if orders and (px is None or trade == "-"):
        raise UsageError("--orders wants --px TICKS, a price far from the market, and a trade endpoint")
    if orders and not yes:
        _agree(out, f"sends about 10 orders to {trade}: {side} {qty} lot(s) of {symbol} at {px} ticks, and cancels them")
    sheet = run(feed, trade, symbol, seconds, (side, px, qty) if orders else None)
    rows = sheet.rows(out.lang)
    failed = sheet.failed()
    if out.format == "table":
        out.many(rows, COLUMNS)
        _explain(out, rows)
    else:
        out.many(rows)
    passed = sum(row["result"] == PASSED for row in rows)
    out.say(f"gateway check: {passed} passed, {len(failed)} fall short, {sum(r['result'] == UNTRIED for r in rows)} not tried")
    return GATE if failed else FINE


def _explain(out: Output, rows: list[dict[str, Any]]) -> None:
    """What was found where something fell short; each reason once."""
    why: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row["result"] != PASSED:
            why.setdefault((row["result"], row["found"]), []).append(row["check"])
    for (result, found), names in why.items():
        out.say(f"{out.word(result)}: {', '.join(names)}: {found}")


def _agree(out: Output, does: str) -> None:
    out.say(does)
    if not sys.stdin.isatty():
        raise UsageError("nobody can be asked here: give -y to agree beforehand")
    click.confirm("do it?", err=True, abort=True)


def run(feed: str, trade: str, symbol: str, seconds: float, order: tuple[str, int, int] | None) -> Sheet:
    """All checks against one gateway. Raises: NotConnected, ConfigError."""
    from system.clock import SystemClock
    from system.sockets import FeedSocket, TradeSocket, check_endpoint, new_context
    from tools import conformance_feed
    from wire.codec import feed_topic

    check_endpoint(feed, key="FEED")
    if trade != "-":
        check_endpoint(trade, key="TRADE")
    clock, sheet, context = SystemClock(), Sheet(), new_context()
    try:
        topics = (feed_topic(symbol),)
        if not conformance_feed.watch(lambda: FeedSocket(context, feed, topics), symbol, seconds, clock, sheet):
            raise NotConnected(f"not connected: {feed}: no heartbeat in {conformance_feed.CONNECT_MS} ms")
        if trade == "-":
            for part in ("trade", "orders"):
                sheet.untried_part(part, "a feed alone")
        else:
            _trade(lambda: TradeSocket(context, trade), trade, symbol, clock, sheet, order)
        return sheet
    finally:
        context.destroy(linger=0)


def _trade(make: Any, trade: str, symbol: str, clock: Any, sheet: Sheet, order: tuple[str, int, int] | None) -> None:
    from tools import conformance_orders, conformance_trade

    epoch = clock.wall_ns()
    setup = conformance_trade.Setup(make, clock, sheet, f"check-{epoch % 10**12:x}", epoch, symbol)
    peer = conformance_trade.check(setup)
    if peer is None:
        if setup.logon is None and not sheet.failed():
            raise NotConnected(f"not connected: {trade}: no gateway takes a frame")
        sheet.untried_part("orders", "no logon")
        return
    if order is None:
        sheet.untried_part("orders", "give --orders --px TICKS to send real ones")
    else:
        side, px, qty = order
        peer = conformance_orders.check(setup, peer, conformance_orders.Price("1" if side == "buy" else "2", px, qty))
    conformance_trade.goodbye(peer)
