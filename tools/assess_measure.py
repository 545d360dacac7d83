"""What a pair would have found in a recording, measured on one walk.

Figures of prices and volumes are weighted by time and taken only while the
quotes that an order would need count, by the pair's own guards. Nobody trades:
what is measured is what stood there, and what stood there a moment later.

Units: ns inside, ms and s where told; values in the pair's unit.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable
from math import isfinite, nan
from typing import Any

from domain import unit_lots
from domain.firing import aim_of
from domain.market import BUY, SELL
from domain.prices import RatioView
from domain.triggers import DIRECTION, EVENTS
from gateways.replay.rows import QuoteRow, Row, TradeRow
from tools.replay_spread import NS_PER_MS, NS_PER_S, Tally
from tools.walk import Key, Look, Walk

PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
LATENCIES_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
MAX_POINTS = 1200
FIRST_BUCKET_NS = 50 * NS_PER_MS


class Sample:
    """Single values, to three figures, so that any number of them has room."""

    def __init__(self) -> None:
        self.counts: Counter[float] = Counter()

    def add(self, value: float) -> None:
        """One more."""
        self.counts[float(f"{value:.3g}")] += 1

    def told(self) -> dict[str, float]:
        """Count, range and percentiles, each value counting once; {} of none."""
        total, passed = sum(self.counts.values()), 0
        if not total:
            return {}
        ordered = sorted(self.counts)
        found: dict[str, float] = {"count": total, "min": ordered[0], "max": ordered[-1]}
        wanted = list(PERCENTILES)
        for value in ordered:
            passed += self.counts[value]
            while wanted and passed * 100 >= total * wanted[0]:
                found[f"p{wanted.pop(0)}"] = value
        return found


def sampled(values: Iterable[float]) -> dict[str, float]:
    """A sample's figures, of values at hand."""
    sample = Sample()
    for value in values:
        sample.add(value)
    return sample.told()


class Series:
    """Low and high of two values over time, in at most so many buckets."""

    def __init__(self) -> None:
        self._width_ns = FIRST_BUCKET_NS
        self._buckets: dict[int, list[float]] = {}

    def add(self, at_ns: int, value: float) -> None:
        """The value from then on."""
        if not isfinite(value):
            return
        bucket = self._buckets.setdefault(at_ns // self._width_ns, [value, value])
        bucket[0], bucket[1] = min(bucket[0], value), max(bucket[1], value)
        if len(self._buckets) > MAX_POINTS:
            self._merge()

    def points(self) -> list[tuple[int, float, float]]:
        """(ns, low, high) in order of time."""
        return [(place * self._width_ns, *self._buckets[place]) for place in sorted(self._buckets)]

    def _merge(self) -> None:
        """Twice as wide, half as many."""
        self._width_ns *= 2
        merged: dict[int, list[float]] = {}
        for place, (low, high) in self._buckets.items():
            bucket = merged.setdefault(place // 2, [low, high])
            bucket[0], bucket[1] = min(bucket[0], low), max(bucket[1], high)
        self._buckets = merged


class LegMeasure:
    """One instrument's recording by itself."""

    def __init__(self, key: Key, tick: float) -> None:
        self.key, self.tick = key, tick
        self.quotes = self.trades = 0
        self.width = Tally(None, above=True)
        self.touch_lots = Tally(None, above=True)
        self.gaps_ms = Sample()
        self.ages_ms = Sample()
        self.clock = Tally(None, above=True)
        self.clocks = Series()
        self.per_second: Counter[int] = Counter()
        self._last_ns = 0

    def see(self, recv_ns: int, row: Row) -> None:
        """One of its own rows."""
        if isinstance(row, TradeRow):
            self.trades += 1
        if not isinstance(row, QuoteRow):
            return
        self.quotes += 1
        self.per_second[recv_ns // NS_PER_S] += 1
        if self._last_ns:
            elapsed_ns = recv_ns - self._last_ns
            self.gaps_ms.add(elapsed_ns / NS_PER_MS)
            self.width.hold(elapsed_ns)
            self.touch_lots.hold(elapsed_ns)
        self._last_ns = recv_ns
        both = bool(row.bids and row.asks)
        self.width.change(row.asks[0] - row.bids[0] if both else nan)
        self.touch_lots.change(min(row.bids[1], row.asks[1]) if both else nan)
        if row.exch_ns is not None:
            self.clock.count(row.exch_ns - recv_ns)
            self.clocks.add(recv_ns, (row.exch_ns - recv_ns) / NS_PER_MS)

    def other(self, recv_ns: int) -> None:
        """A row of another leg: how old this one's book is then."""
        if self._last_ns:
            self.ages_ms.add((recv_ns - self._last_ns) / NS_PER_MS)


class Side:
    """One direction of the pair: its value, volume and what keeps it away."""

    def __init__(self, direction: int) -> None:
        self.direction = direction
        self.value, self.units = Tally(None, above=True), Tally(None, above=True)
        self.series = Series()
        self.blocked_ns: Counter[str] = Counter()
        self.counted_ns = 0
        self._why = ""

    def hold(self, elapsed_ns: int) -> None:
        """It stood for so long."""
        self.value.hold(elapsed_ns)
        self.units.hold(elapsed_ns)
        if self._why:
            self.blocked_ns[self._why] += elapsed_ns
        else:
            self.counted_ns += elapsed_ns

    def change(self, at_ns: int, value: float, units: int, why: str) -> None:
        """From now on."""
        self._why = why
        self.value.change(nan if why else value)
        self.units.change(nan if why else units)
        if not why:
            self.series.add(at_ns, value)


class Chance:
    """One event of the trigger: when it was met, and what waiting cost.

    Slippage is how much worse the value for the size was, `latency` after the
    moment at which it was first met; an episode shorter than that is lost.
    """

    def __init__(self, look: Look, event: str, latency_ns: int) -> None:
        self.aim = look.aims[event]
        self.event, self.latency_ns = event, latency_ns
        self.threshold = self.aim.threshold
        self.tally = Tally(self.threshold, above=self.aim.direction == SELL)
        self.slips: list[float] = []
        self.gone = 0
        self.units: list[float] = []
        self.edges: list[float] = []
        self._look = look
        self._waiting: deque[tuple[int, int, tuple[int, ...], float]] = deque()

    def look(self, now_ns: int) -> None:
        """Before a row: what was waited for and is due by now."""
        while self._waiting and self._waiting[0][0] <= now_ns:
            _, units, per_unit, before = self._waiting.popleft()
            after = self._look.view.executable(self.aim.direction, units, per_unit)
            if isfinite(after):
                self.slips.append((after - before) * self.aim.direction + 0.0)
            else:
                self.gone += 1

    def see(self, now_ns: int, value: float, units: int, why: str) -> None:
        """After a row."""
        met = self.tally.meets
        self.tally.change(nan if why or units < self._look.spec.trigger.min_units else value, now_ns)
        if self.tally.meets and not met:
            size = min(units, self._look.spec.units)
            per_unit = tuple(map(abs, unit_lots.now(self._look.spec, self._look.view.quotes)))
            executable = self._look.view.executable(self.aim.direction, size, per_unit)
            self.units.append(size)
            self.edges.append((self.threshold - executable) * self.aim.direction)
            self._waiting.append((now_ns + self.latency_ns, size, per_unit, executable))

    def told(self, seconds: float) -> dict[str, Any]:
        """Its figures."""
        held = sorted(ns / NS_PER_MS for _, ns in self.tally.episodes)
        told = self.tally.met()
        return {
            "event": self.event,
            "threshold": self.threshold,
            "met_times": len(held),
            "met_s": told["met_s"],
            "met_share": round(told["met_s"] / seconds, 6) if seconds else 0.0,
            "held_ms": sampled(held),
            "expected_capture": _share_from(held, self.latency_ns / NS_PER_MS),
            "capture": {str(ms): _share_from(held, ms) for ms in LATENCIES_MS},
            "units": sampled(self.units),
            "edge": sampled(self.edges),
            "slippage": sampled(self.slips),
            "slippage_unknown": self.gone + len(self._waiting),
        }


class Assessment:
    """All measures of one pair on one recording, over the time that its legs share."""

    def __init__(self, walk: Walk, look: Look, latency_ms: float) -> None:
        self.walk, self.look = walk, look
        self.latency_ms = latency_ms
        spec = look.spec
        self.legs = {key: LegMeasure(key, float(tick)) for key, tick in walk.ticks.items()}
        self.sides = {BUY: Side(BUY), SELL: Side(SELL)}
        aims = {each: next(aim_of(spec, event) for event in EVENTS if DIRECTION[event] == each) for each in (BUY, SELL)}
        self._needs = {each: aims[each].needs for each in aims}
        self.chances = [Chance(look, event, int(latency_ms * NS_PER_MS)) for event in look.aims]
        self.ratios = self._ratio_views()
        self._last_ns = 0
        walk.watchers.append(self.see)
        walk.lookers.extend(chance.look for chance in self.chances)

    def _ratio_views(self) -> dict[str, tuple[RatioView, Tally, Series]]:
        legs = [leg.price for leg in self.look.spec.legs]
        if len(legs) != 2 or not legs[0].lots > 0 > legs[1].lots:
            return {}
        return {basis: (RatioView(legs, "mid", basis), Tally(None, above=True), Series()) for basis in ("raw", "comparable")}

    def see(self, recv_ns: int, key: Key, row: Row) -> None:
        """After each row of the walk."""
        for leg_key, leg in self.legs.items():
            if leg_key == key:
                leg.see(recv_ns, row)
            else:
                leg.other(recv_ns)
        self._follow_ratios(key)
        if not self.walk.changed or not self.walk.shares(recv_ns):
            return
        self._hold(recv_ns)
        look = self.look
        found: dict[int, tuple[float, int, str]] = {}
        for direction, side in self.sides.items():
            why = look.why_not(recv_ns, self._needs[direction])
            value = look.value(direction)
            units = 0 if why else look.units(direction)
            found[direction] = (value, units, why)
            side.change(recv_ns, value, units, why)
        for chance in self.chances:
            chance.see(recv_ns, *found[chance.aim.direction])
        why = found[BUY][2] or found[SELL][2]
        for ratio, tally, series in self.ratios.values():
            tally.change(nan if why else ratio.buy)
            if not why:
                series.add(recv_ns, ratio.buy)

    def _hold(self, now_ns: int) -> None:
        """All stood as it was until now."""
        elapsed_ns, self._last_ns = now_ns - (self._last_ns or now_ns), now_ns
        for side in self.sides.values():
            side.hold(elapsed_ns)
        for chance in self.chances:
            chance.tally.hold(elapsed_ns)
        for _, tally, _ in self.ratios.values():
            tally.hold(elapsed_ns)

    def _follow_ratios(self, key: Key) -> None:
        """The book and the rates that a row changed."""
        for ratio, _, _ in self.ratios.values():
            for place, leg in enumerate(self.look.spec.legs):
                if leg.key == key and key in self.walk.quotes:
                    ratio.on_quote(place, self.walk.quotes[key])
                if leg.fx is not None and leg.fx.key == key:
                    ratio.on_fx(place, self.look.rates[place])

    def end(self) -> None:
        """After the walk: what stands then stands to the end of the time that is shared."""
        if self._last_ns:
            self._hold(self.walk.last_ns)
        for chance in self.chances:
            chance.tally.end(self.walk.last_ns)

    @property
    def seconds(self) -> float:
        """What all legs share."""
        return max(0.0, (self.walk.last_ns - self.walk.first_ns) / NS_PER_S)

    def told(self) -> dict[str, Any]:
        """Every figure; what `-o json` shows and the page draws."""
        return {
            "seconds": round(self.seconds, 3),
            "from_ns": self.walk.first_ns,
            "to_ns": self.walk.last_ns,
            "latency_ms": self.latency_ms,
            "legs": [self._leg(leg) for leg in self.legs.values()],
            "value": {name: _tally(self.sides[side].value) for name, side in (("buy", BUY), ("sell", SELL))},
            "ratio": {basis: _tally(tally) for basis, (_, tally, _) in self.ratios.items()},
            "tradable_units": {name: _tally(self.sides[side].units) for name, side in (("buy", BUY), ("sell", SELL))},
            "counted_s": {name: self._s(self.sides[side].counted_ns) for name, side in (("buy", BUY), ("sell", SELL))},
            "blocked_s": {
                name: {why: self._s(ns) for why, ns in self.sides[side].blocked_ns.most_common()}
                for name, side in (("buy", BUY), ("sell", SELL))
            },
            "triggers": [chance.told(self.seconds) for chance in self.chances],
        }

    def _leg(self, leg: LegMeasure) -> dict[str, Any]:
        span = self.walk.spans.get(leg.key)
        seconds = 0.0 if span is None else (span.last_ns - span.first_ns) / NS_PER_S
        return {
            "venue": leg.key[0],
            "symbol": leg.key[1],
            "made": self.walk.is_made(leg.key),
            "rows": 0 if span is None else span.rows,
            "quotes": leg.quotes,
            "trades": leg.trades,
            "quotes_per_s": round(leg.quotes / seconds, 2) if seconds else None,
            "quotes_peak_s": max(leg.per_second.values(), default=0),
            "width_ticks": _tally(leg.width),
            "touch_lots": _tally(leg.touch_lots),
            "gap_ms": leg.gaps_ms.told(),
            "age_ms": leg.ages_ms.told(),
            "clock_offset_ms": _rounded(_tally(leg.clock)),
        }

    @staticmethod
    def _s(ns: int) -> float:
        return round(ns / NS_PER_S, 3)


def _tally(tally: Tally) -> dict[str, float]:
    return tally.told(PERCENTILES)


def _rounded(found: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in found.items()}


def _share_from(held: list[float], ms: float) -> float | None:
    """The share of episodes that held at least so long."""
    return round((len(held) - bisect_left(held, ms)) / len(held), 4) if held else None
