"""A pair's profit for people: by leg in its currency, and in the pair's.

    profit     realised + floating - fees
    in the pair's currency: each leg's at the present rate; what of it the rate
    alone has made since it was booked is the FX effect, told apart

The mark is the last price, else the touch at which the position would close.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from domain.ledger import RATE_SCALE, Ledger, LegLedger, rate_at
from domain.market import Quote
from domain.money import round_half_up, rounded, text_of
from domain.terms import PARTS, LegTerms

PRICE_DIGITS = 6


def mark_of(quote: Quote | None, net: int) -> int | None:
    """Where a position is marked, in ticks; None where nothing is known."""
    if quote is None:
        return None
    if quote.last_px is not None:
        return quote.last_px
    close, other = (quote.bid_px, quote.ask_px) if net > 0 else (quote.ask_px, quote.bid_px)
    return close if close is not None else other


def floating_of(terms: LegTerms, leg: LegLedger, mark: int | None) -> int | None:
    """Profit that is not realised, scaled; None where no mark is known."""
    net = leg.net
    if not leg.lots:
        return 0
    if mark is None:
        return None
    at_cost = sum(terms.mark(one.lots, one.px) for one in leg.lots)
    return terms.money(terms.mark(net, mark) - at_cost)


def profit_of(ledger: Ledger, quotes: Sequence[Quote | None], rates: Sequence[float]) -> dict[str, Any]:
    """The whole as plain values: money as decimal text, null where not known."""
    rows, sums = [], {"realised": 0, "floating": 0, "fees": 0, "fx_effect": 0, "slippage": 0}
    known = True
    for terms, leg, quote, rate in zip(ledger.terms, ledger.legs, quotes, rates, strict=True):
        mark = mark_of(quote, leg.net)
        row, told = _leg(terms, leg, mark, rate_at(terms, rate, mark))
        rows.append(row)
        known = known and told is not None
        for key, amount in (told or {}).items():
            sums[key] += amount
    total = sums["realised"] + sums["floating"] - sums["fees"]
    return {
        "currency": ledger.currency,
        "profit": text_of(total) if known else None,
        **{key: text_of(amount) if known else None for key, amount in sums.items()},
        "legs": rows,
    }


def total_of(ledger: Ledger, quotes: Sequence[Quote | None], rates: Sequence[float]) -> str | None:
    """The profit of `profit_of` alone, for who asks often."""
    total = 0
    for terms, leg, quote, rate in zip(ledger.terms, ledger.legs, quotes, rates, strict=True):
        if not (leg.trades or leg.lots or leg.cash or leg.fees):
            continue  # it has never moved
        mark = mark_of(quote, leg.net)
        floating, present = floating_of(terms, leg, mark), rate_at(terms, rate, mark)
        if floating is None or (leg.trades and not present):
            return None
        fees = leg.fees.get(terms.currency, 0)
        total += _at(terms.money(leg.realised), present) + _at(floating, present) - _at(fees, present)
    return text_of(total)


def _leg(terms: LegTerms, leg: LegLedger, mark: int | None, rate: int) -> tuple[dict[str, Any], dict[str, int] | None]:
    """A leg's row, and its sums in the pair's currency where all is known."""
    net, fees = leg.net, leg.fees.get(terms.currency, 0)
    realised, floating = terms.money(leg.realised), floating_of(terms, leg, mark)
    profit = None if floating is None else realised + floating - fees
    slippage = terms.money(leg.slippage)
    booked = realised - fees
    told = None
    if profit is not None and (rate or not leg.trades):
        told = {
            "realised": _at(realised, rate),
            "floating": _at(floating, rate),
            "fees": _at(fees, rate),
            "fx_effect": _at(booked, rate) - leg.booked,
            "slippage": _at(slippage, rate),
        }
    row = {
        "venue": terms.venue,
        "symbol": terms.symbol,
        "currency": terms.currency,
        "side": "" if not net else "long" if net > 0 else "short",
        "lots": abs(net),
        "today": abs(leg.today),
        "yesterday": abs(net - leg.today),
        "long": sum(one.lots for one in leg.side(1)),
        "short": -sum(one.lots for one in leg.side(-1)),
        "avg_px": average_of(terms, leg),
        "avg_px_long": side_average(terms, leg, 1),
        "avg_px_short": side_average(terms, leg, -1),
        "avg_px_today": average_of(terms, leg, today=True),
        "avg_px_yesterday": average_of(terms, leg, today=False),
        "mark_px": None if mark is None or not net else price_of(Fraction(mark), terms),
        "realised": text_of(realised),
        "floating": None if floating is None else text_of(floating),
        "fees": text_of(fees),
        "fees_by": {part: text_of(leg.by_part.get(part, 0)) for part in PARTS},
        "fees_scheduled": None if terms.is_free else text_of(leg.scheduled),
        "fees_other": {currency: text_of(amount) for currency, amount in leg.fees.items() if currency != terms.currency},
        "slippage": text_of(slippage),
        "profit": None if profit is None else text_of(profit),
        "profit_in_pair": None if told is None else text_of(told["realised"] + told["floating"] - told["fees"]),
        "fx_effect": None if told is None else text_of(told["fx_effect"]),
        "fx": rate / RATE_SCALE if rate else None,
        "untold_lots": leg.untold,
        "trades": leg.trades,
    }
    return row, told


def _at(amount: int, rate: int) -> int:
    return rounded(amount * rate, RATE_SCALE)


def average_of(terms: LegTerms, leg: LegLedger, *, today: bool | None = None) -> str | None:
    """Average price of what is open, of today's or older lots, as text.

    None where both sides are held: each has its own (`side_average`).
    """
    if leg.locks and leg.side(1) and leg.side(-1):
        return None
    lots = leg.net if today is None else leg.today if today else leg.net - leg.today
    return price_of(Fraction(leg.tick_lots(today=today), lots), terms) if lots else None


def side_average(terms: LegTerms, leg: LegLedger, sign: int) -> str | None:
    """Average price of the long (+1) or short lots that are open, as text."""
    lots = leg.side(sign)
    held = sum(one.lots for one in lots)
    return price_of(Fraction(sum(one.lots * one.px for one in lots), held), terms) if held else None


def price_of(ticks: Fraction | int, terms: LegTerms) -> str:
    """A price in the instrument's own money, rounded to six decimals."""
    units = round_half_up(ticks * terms.tick * 10**PRICE_DIGITS) * 10**PRICE_DIGITS
    return text_of(units, 0)
