"""An assessment as a page: one HTML file with its style and plots inside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from itertools import pairwise
from math import floor, log10
from typing import Any
from zoneinfo import ZoneInfo

from domain.market import BUY, SELL
from tools.assess_measure import LATENCIES_MS, Assessment, Sample
from tools.assess_svg import Band, Line, bands, bars, number
from tools.assess_words import word
from tools.replay_spread import GRAIN, NS_PER_S, Tally

BINS = 48
COLOURS = ("one", "two", "three", "four")
STYLE = """
:root{--ink:#1d2430;--soft:#667;--rule:#e3e6ea;--one:#c0392b;--two:#2471a3;--three:#7d8b32;--four:#7d3c98;--paper:#fff;--warn:#fff4d6}
@media(prefers-color-scheme:dark){:root{--ink:#e6e8ec;--soft:#9aa3b0;--rule:#333a45;--one:#ff7f6e;--two:#6db8f2;
--three:#c3d16a;--four:#c79be0;--paper:#14181f;--warn:#3a3112}}
body{font:14px/1.5 system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;color:var(--ink);background:var(--paper);
max-width:1080px;margin:2em auto;padding:0 1em}
h1{font-size:1.5em}h2{font-size:1.1em;margin:1.6em 0 .4em}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:.25em .6em;border-bottom:1px solid var(--rule);white-space:nowrap}
th:first-child,td:first-child{text-align:left}th{color:var(--soft);font-weight:500}
.scroll{overflow-x:auto}figure{margin:1.2em 0}figcaption{font-weight:600}
svg{width:100%;height:auto}svg text{font-size:11px;fill:var(--soft)}
text.y{text-anchor:end}text.x{text-anchor:middle}line.grid{stroke:var(--rule)}
line.level{stroke:var(--ink);stroke-dasharray:4 4}svg text.level{fill:var(--ink);paint-order:stroke;stroke:var(--paper);stroke-width:4px}
.one{fill:var(--one);background:var(--one)}.two{fill:var(--two);background:var(--two)}
.three{fill:var(--three);background:var(--three)}.four{fill:var(--four);background:var(--four)}
path{fill-opacity:.75}
.key{font-weight:400;color:var(--soft);margin-left:1em}.key i{display:inline-block;width:.8em;height:.8em;margin-right:.3em}
.note{color:var(--soft)}.warn{background:var(--warn);padding:.6em 1em;border-left:4px solid var(--one)}
"""


def page(found: dict[str, Any], measured: Assessment, lang: str, zone: str) -> str:
    """The whole file."""
    say = _Words(lang)
    place = ZoneInfo(zone)
    begun, ended = (
        datetime.fromtimestamp(found[key] / NS_PER_S, place).strftime("%Y-%m-%d %H:%M:%S") for key in ("from_ns", "to_ns")
    )
    title = f"{say('title')}: {found['pair']}, {found['recording']}"
    made = f'<p class="warn">{escape(say("made").format(names=", ".join(found["made"])))}</p>' if found["made"] else ""
    facts = [
        (say("recording"), found["recording"]),
        (say("pair"), f"{found['pair']} ({found['unit']})"),
        (say("span"), f"{begun} - {ended} {zone}"),
        (say("seconds"), f"{found['seconds']:,.0f}"),
        (say("latency"), f"{found['latency_ms']:g} ms"),
    ]
    parts = [
        f"<h1>{escape(title)}</h1>",
        made,
        f"<p>{escape(say('intro'))}</p>",
        table([], facts),
        plots(measured, say, place),
        f"<h2>{escape(say('triggers'))}</h2>",
        triggers_table(found, say),
        f'<p class="note">{escape(say("slip_note"))}</p>',
        f"<h2>{escape(say('figures'))}</h2>",
        figures_table(found, say),
        f"<h2>{escape(say('legs'))}</h2>",
        legs_table(found, say),
        f'<p class="note">{escape(say("clock_note"))}</p>',
        f"<h2>{escape(say('blocked'))}</h2>",
        blocked_table(found, say),
    ]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    return f'<!doctype html><html lang="{lang}"><head>{head}<style>{STYLE}</style></head><body>{"".join(parts)}</body></html>\n'


class _Words:
    """The words of one language."""

    def __init__(self, lang: str) -> None:
        self._lang = lang

    def __call__(self, key: str) -> str:
        return word(key, self._lang)


def plots(measured: Assessment, say: _Words, zone: ZoneInfo) -> str:
    """Every plot that has something to show."""
    sides = ((measured.sides[SELL], say("sell"), "one"), (measured.sides[BUY], say("buy"), "two"))
    levels = [Line(chance.event, chance.threshold) for chance in measured.chances]
    keys = [(name, css) for _, name, css in sides]
    found = [
        bands(say("value_time"), [Band(name, css, side.series.points()) for side, name, css in sides], levels, zone),
        bars(say("value_hist"), histogram([side.value for side, _, _ in sides]), keys),
    ]
    for basis, (_, _, series) in measured.ratios.items():
        found.append(bands(say("ratio_time"), [Band(say(f"ratio {basis}"), "three", series.points())], (), zone))
    found.append(bars(say("units_hist"), by_decade([side.units for side, _, _ in sides]), keys))
    events = [(chance.event, COLOURS[place % len(COLOURS)]) for place, chance in enumerate(measured.chances)]
    told = [chance.told(measured.seconds)["capture"] for chance in measured.chances]
    held = [(f"{ms} ms", [100 * (each[str(ms)] or 0) for each in told]) for ms in LATENCIES_MS]
    found.append(bars(say("held"), held if events else [], events))
    legs = list(measured.legs.values())
    names = [("/".join(leg.key), COLOURS[place % len(COLOURS)]) for place, leg in enumerate(legs)]
    found.append(bars(say("ages"), ages([leg.ages_ms for leg in legs]), names))
    clocks = [Band(name, css, leg.clocks.points()) for leg, (name, css) in zip(legs, names, strict=True) if leg.clock.held_ns]
    found.append(bands(say("clock"), clocks, (), zone))
    return "".join(found)


def histogram(tallies: Sequence[Tally]) -> list[tuple[str, list[float]]]:
    """The time share of each of some bins, in per cent; 1 % cut on each side."""
    edges = [tally.told((1, 99)) for tally in tallies if tally.held_ns]
    if not edges:
        return []
    low, high = min(each["p1"] for each in edges), max(each["p99"] for each in edges)
    width = (high - low) / BINS or 1.0
    counts = [[0.0] * BINS for _ in tallies]
    for at, tally in enumerate(tallies):
        total = sum(tally.held_ns.values()) or 1
        for grain, held_ns in tally.held_ns.items():
            place = floor((grain / GRAIN - low) / width)
            if 0 <= place <= BINS:
                counts[at][min(place, BINS - 1)] += 100 * held_ns / total
    return [(f"{low + (place + 0.5) * width:.4g}" if high - low > abs(high) / 100 else number(low + (place + 0.5) * width), [each[place] for each in counts]) for place in range(BINS)]


def by_decade(tallies: Sequence[Tally]) -> list[tuple[str, list[float]]]:
    """The time share of 0, 1, 2 to 4, 5 to 9, 10 to 19, ... units."""
    top = max((max(tally.held_ns, default=0) for tally in tallies), default=0) / GRAIN
    bounds = [0.0, 1.0]
    while bounds[-1] <= top:
        last = bounds[-1]
        first = round(last / 10 ** floor(log10(last)))
        bounds.append(last * 2.5 if first == 2 else last * 2)
    rows = []
    for low, high in pairwise(bounds):
        values = []
        for tally in tallies:
            total = sum(tally.held_ns.values()) or 1
            inside = sum(ns for grain, ns in tally.held_ns.items() if low <= grain / GRAIN < high)
            values.append(100 * inside / total)
        rows.append((number(low) if high - low <= 1 else f"{number(low)}+", values))
    return rows


def ages(samples: Sequence[Sample]) -> list[tuple[str, list[float]]]:
    """The share of ages in each of some steps of ms."""
    bounds = [0.0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, float("inf")]
    totals = [sum(sample.counts.values()) or 1 for sample in samples]
    if not any(sample.counts for sample in samples):
        return []
    rows = []
    for low, high in pairwise(bounds):
        inside = [sum(n for ms, n in sample.counts.items() if low <= ms < high) for sample in samples]
        name = f"<{high:g}" if high != float("inf") else f">{low:g}"
        rows.append((name, [100 * n / total for n, total in zip(inside, totals, strict=True)]))
    return rows


def triggers_table(found: dict[str, Any], say: _Words) -> str:
    """One row an event of the trigger."""
    head = ["event", "threshold", "met_times", "met_s", "met_share", "held_ms", "units", "edge", "capture", "slippage"]
    rows = []
    for each in found["triggers"]:
        rows.append(
            [each["event"], number(each["threshold"]), each["met_times"], f"{each['met_s']:,.1f}", f"{each['met_share']:.2%}",
             spread(each["held_ms"]), spread(each["units"]), spread(each["edge"]), captured(each), spread(each["slippage"])]
        )  # fmt: skip
    return table([say(name) for name in head], rows)


def captured(told: dict[str, Any]) -> str:
    """The share that a system of the assessed latency would have met."""
    share = told["expected_capture"]
    return "" if share is None else f"{share:.0%}"


def figures_table(found: dict[str, Any], say: _Words) -> str:
    """Percentiles of value, ratio and volume."""
    names = ("min", "p1", "p5", "p25", "p50", "p75", "p95", "p99", "max")
    rows: list[list[str]] = []
    for key in ("value", "tradable_units"):
        rows += [[f"{say(key)}, {say(side)}", *_cells(found[key][side], names)] for side in ("sell", "buy")]
    rows += [[say(f"ratio {basis}"), *_cells(told, names)] for basis, told in found["ratio"].items()]
    return table(["", *names], rows)


def legs_table(found: dict[str, Any], say: _Words) -> str:
    """One row a leg; ranges as p5 / p50 / p95."""
    keys = ("width_ticks", "touch_lots", "gap_ms", "age_ms", "clock_offset_ms")
    rows = []
    for leg in found["legs"]:
        name = f"{leg['venue']}/{leg['symbol']}" + (" MADE" if leg["made"] and not leg["venue"].startswith("MADE") else "")
        rows.append([name, f"{leg['rows']:,}", leg["quotes_per_s"], leg["quotes_peak_s"], *(spread(leg[key]) for key in keys)])
    head = [say(name) for name in ("leg", "rows", "quotes_per_s", "quotes_peak_s", *keys)]
    return table(head, rows) + '<p class="note">p5 / p50 / p95</p>'


def blocked_table(found: dict[str, Any], say: _Words) -> str:
    """How long each reason stood, by side."""
    reasons = dict.fromkeys(why for side in found["blocked_s"].values() for why in side)
    rows = [[why, *(f"{found['blocked_s'][side].get(why, 0):,.1f}" for side in ("sell", "buy"))] for why in reasons]
    return table([say("reason"), say("sell"), say("buy")], rows or [[say("nothing"), "", ""]])


def spread(told: dict[str, float]) -> str:
    """p5 / p50 / p95."""
    return " / ".join(number(told[name]) for name in ("p5", "p50", "p95")) if told else ""


def _cells(told: dict[str, float], names: Iterable[str]) -> list[str]:
    return [number(told[name]) if name in told else "" for name in names]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """An HTML table of plain values."""
    top = f"<tr>{''.join(f'<th>{escape(str(each))}</th>' for each in head)}</tr>" if head else ""
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(each))}</td>' for each in row)}</tr>" for row in rows)
    return f'<div class="scroll"><table>{top}{body}</table></div>'
