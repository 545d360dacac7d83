"""What `status`, `pair` and `hedge` put in a table: the data in short."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tools.board_text import OUTCOMES, closed_text, reason_text, stranded_text
from tools.output import Output

SPARE_OF_HEDGES = ("orders", "covered", "currency", "took_ms", "kind", "opened", "repairs", "qty", "cost")
SPARE_OF_ORDERS = ("symbol", "reject", "filled")
SPARE_OF_ACCOUNTS = ("stale", "reserved", "budget", "equity")
"""What a narrow terminal does without, the first one first."""


def spare_of_pairs(rows: list[dict[str, Any]]) -> list[str]:
    """As for hedges; which values the pairs' triggers watch is in the rows."""
    values = [name for row in rows for name in row if name.startswith(("buy", "sell"))]
    return ["mode", "hedges", "max_units", "tradable", "hedge", *dict.fromkeys(values)]


def price_text(ticks: int | None, tick_size: str) -> str | None:
    """A price in the instrument's own money; None where there is none."""
    return None if ticks is None else str(ticks * Decimal(tick_size))


def short(value: float | None) -> str | None:
    """A price of a pair in seven digits."""
    return None if value is None else f"{value:.7g}"


def status_rows(out: Output, told: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The node in two columns, and its venues as a table."""
    hedges = told["hedges"]
    node = {
        "node": told["node"],
        "state": told["state"],
        "mode": told["mode"],
        "kills": ", ".join(told.get("kills", [])) or None,
        "pid": told["pid"],
        "started": told["started"],
        "uptime_s": int(told["uptime_s"]),
        "pairs": told["pairs"],
        "in_flight": " ".join(told["in_flight"]) or None,
        "naked": told["naked_qty"],
        "hedges": "  ".join(f"{out.word(OUTCOMES.get(key, key))} {count}" for key, count in hedges.items() if count) or 0,
        "calendars": calendars_text(out, told.get("calendars") or []) or None,
        "profit": "  ".join(f"{amount} {currency}" for currency, amount in told.get("profit", {}).items()) or None,
        "records": told["journal"]["last_seq"],
        "problem": told["journal"]["failed"] or None,
    }
    return {key: value for key, value in node.items() if value is not None}, told["venues"]


def shard_row(told: dict[str, Any]) -> dict[str, Any]:
    """One shard of a node as a row."""
    most = told.get("max_memory_mb")
    memory = told.get("memory_mb")
    return {
        "shard": told["shard"],
        "phase": told["phase"],
        "pid": told["pid"],
        "restarts": told.get("restarts"),
        "memory": None if memory is None else f"{memory}/{most} MB" if most else f"{memory} MB",
        "cpu": None if told.get("cpu_percent") is None else f"{told['cpu_percent']} %",
        "pairs": told["pairs"],
        "in_flight": told["in_flight"],
        "naked": told["naked_qty"],
        "last end": told.get("last") or None,
    }


def calendars_text(out: Output, calendars: list[dict[str, Any]]) -> str:
    """What each calendar says, and where it ends: `china.day closed (2026-12-31, 32 d)`."""
    words = {"open": "trading"}
    return "; ".join(
        f"{each['calendar']} {out.word(words.get(each['phase'], each['phase']))} ({each['last_day']}, {each['days_left']} d)"
        for each in calendars
    )


def pair_row(out: Output, told: dict[str, Any]) -> dict[str, Any]:
    """One pair as a row."""
    told = _known(told)
    hedge, value = told.get("hedge"), told.get("value", "")  # a journal does not say what its triggers watched
    return {
        "pair": told["pair"],
        **({"shard": told["shard"]} if "shard" in told else {}),
        "state": told["state"],
        "mode": told.get("mode"),
        "units": told.get("units"),
        "max_units": told.get("max_units"),
        f"buy {value}".rstrip(): short(told.get("buy")),
        f"sell {value}".rstrip(): short(told.get("sell")),
        "tradable": _both(told, "tradable_buy", "tradable_sell"),
        "hedges": told.get("hedges"),
        "naked": told.get("naked_qty"),
        "hedge": None if hedge is None else hedge["state"],
        "reason": stranded_text(told, out.word) or reason_text(told.get("held") or closed_text(told) or told.get("reason") or "", out.word) or None,
    }


def _known(told: dict[str, Any]) -> dict[str, Any]:
    """Without the nulls of a pair that is being raised again."""
    return {key: value for key, value in told.items() if value is not None}


def _both(told: dict[str, Any], first: str, second: str) -> str | None:
    return f"{told[first]}/{told[second]}" if first in told else None


def _span(told: dict[str, Any], first: str, second: str) -> str | None:
    known = (told.get(first), told.get(second))
    return None if None in known else "/".join(f"{value:.8g}" for value in known)


def leg_row(leg: dict[str, Any]) -> dict[str, Any]:
    """One leg of a pair as a row."""
    size = leg.get("tick_size")
    return {
        "venue": leg.get("venue"),
        "symbol": leg.get("symbol"),
        "lot": leg.get("lots"),
        "bid": price_text(leg.get("bid_px"), size) if size else None,
        "bid_qty": leg.get("bid_qty"),
        "ask": price_text(leg.get("ask_px"), size) if size else None,
        "ask_qty": leg.get("ask_qty"),
        "comparable": _span(leg, "comparable_bid", "comparable_ask"),
        "age_ms": leg.get("age_ms"),
        "position": _lots(leg["net_lots"], leg.get("long_lots"), leg.get("short_lots")),
        "today": leg["today_lots"],
        "reason": leg.get("why_not"),
    }


def _lots(net: int, long: int | None, short: int | None) -> int | str:
    """The lots held; of a locked leg both sides."""
    return f"{net} ({long} long, {short} short)" if long and short else net


def pair_facts(out: Output, told: dict[str, Any]) -> dict[str, Any]:
    """One pair in two columns."""
    told = _known(told)
    row = pair_row(out, told)
    outcomes = told.get("outcomes", {})
    done = "  ".join(f"{out.word(OUTCOMES.get(key, key))} {count}" for key, count in outcomes.items() if count)
    holds = "  ".join(f"{out.word(why)} {count}" for why, count in told.get("holds", {}).items())
    kinds = {f"{basis} ratio": _span(both, "sell", "buy") for basis, both in told.get("ratio", {}).items()}
    cover = told.get("cover") or {}
    covers = {key: cover.get(key) for key in ("exposure", "unit", "goal", "held", "left", "age_ms")} if cover else {}
    row |= {"cover": " ".join(f"{key} {value}" for key, value in covers.items() if value is not None)}
    kinds["residual"] = short(told.get("residual"))
    facts = {**row, **kinds, "currency": told.get("currency"), "outcomes": done, "holds": holds}
    money = told.get("money") or {}
    facts |= {key: money.get(key) for key in MONEY_KEYS}
    return {key: value for key, value in facts.items() if value not in (None, "")}


MONEY_KEYS = ("profit", "realised", "floating", "fees", "fx_effect")


def money_row(money: dict[str, Any], leg: dict[str, Any]) -> dict[str, Any]:
    """A leg's money as a row: in its own currency, and in the pair's."""
    return {
        "symbol": leg["symbol"],
        "side": leg["side"] or None,
        "lot": _lots(leg["lots"], leg.get("long"), leg.get("short")),
        "today": leg["today"],
        "average": leg["avg_px"] or " / ".join(px for px in (leg.get("avg_px_long"), leg.get("avg_px_short")) if px) or None,
        "mark": leg["mark_px"],
        "currency": leg["currency"],
        "realised": leg["realised"],
        "floating": leg["floating"],
        "fees": leg["fees"],
        "slippage": leg["slippage"],
        "profit": leg["profit"],
        money["currency"]: leg["profit_in_pair"],
        "fx_effect": leg["fx_effect"],
    }


def hedge_row(told: dict[str, Any]) -> dict[str, Any]:
    """One hedge as a row."""
    cost = told["cost"]
    return {
        "hedge": told["hedge"],
        **({"shard": told["shard"]} if "shard" in told else {}),
        "opened": (told["times"]["opened"] or "")[11:23],
        "kind": told["kind"],
        "side": told["direction"],
        "state": told["state"],
        "qty": told["qty"],
        "covered": told["covered"],
        "naked": told["naked_qty"],
        "orders": told["orders_sent"],
        "repairs": len(told["repairs"]),
        "took_ms": told["took_ms"],
        "cost": short(cost["total"]),
        "currency": cost["currency"],
    }


def hedge_facts(out: Output, told: dict[str, Any]) -> dict[str, Any]:
    """One hedge in two columns."""
    row = {**hedge_row(told), "opened": told["times"]["opened"], "pair": told["pair"]}
    row["repairs"] = None
    more = {"repair": " ".join(out.word(kind) for kind in told["repairs"])}
    more |= {"reason": told["why"], "stranded": told["stranded_why"], "naked_ms": told["naked_ms"] or None}
    more |= {"sent_back": out.word("yes") if told.get("sent_back") else None, "claimed": ": ".join(told.get("claimed", ()))}
    if told.get("next"):
        more |= {"next": out.word(told["next"]), "to_type": ", ".join(told["to_type"])}
    more["slippage"] = short(told["cost"]["slippage"])
    more["fees"] = short(told["cost"]["fees"])
    return {key: value for key, value in {**row, **more}.items() if value not in (None, "")}


def hedge_leg_rows(told: dict[str, Any]) -> list[dict[str, Any]]:
    """The legs of a hedge: what was wanted, got, and at what cost."""
    return [
        {
            "venue": leg["venue"],
            "symbol": leg["symbol"],
            "side": leg["side"],
            "target": leg["target"],
            "filled": leg["filled"],
            "state": leg["state"],
            "touch": leg["touch_px"],
            "slippage": cost["slippage_ticks"],
            "cost": short(cost["slippage"]),
            "fees": short(cost["fees"]),
        }
        for leg, cost in zip(told["legs"], told["cost"]["legs"], strict=True)
    ]


def order_rows(told: dict[str, Any]) -> list[dict[str, Any]]:
    """The orders of a hedge, leg by leg, as they were sent."""
    return [
        {
            "order": order["cl_ord_id"],
            "symbol": leg["symbol"],
            "side": order["side"],
            "qty": order["qty"],
            "price": order["px"],
            "state": order["state"],
            "filled": order["cum_qty"],
            "reject": order["reject"] or None,
        }
        for leg in told["legs"]
        for order in leg["orders"]
    ]
