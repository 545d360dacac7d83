"""`sim try`'s page: one HTML file with its style and plots inside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from html import escape
from itertools import pairwise
from math import floor, log10
from pathlib import Path
from typing import Any

from config.messages import in_language
from tools.assess_page import STYLE, table
from tools.try_words import word

WIDTH, LEFT, RIGHT, ROW, TOP, BOTTOM = 980, 150, 90, 26, 8, 26
OUTCOMES = (("DONE", "done"), ("PART", "part"), ("NONE", "none"), ("STRANDED", "stranded"))
LINES = ("one", "two", "three", "four")
MOST_WORST = 4
MOST_DOTS = 300
FIRST_MS = 0.01
MARGIN = 0.04
"""Of a plot's width or height: no mark stands on its edge."""
OWN_STYLE = """
body{max-width:1280px}th{white-space:normal;vertical-align:bottom}div.warn{margin:1em 0}div.warn ul{margin:.2em 0 0;padding-left:1.2em}
.done{fill:#4c956c;background:#4c956c}.part{fill:#e9c46a;background:#e9c46a}.none{fill:#8d99ae;background:#8d99ae}
.words th:last-child,.words td:last-child{text-align:left;white-space:normal}.words th,.words td{width:1%}.words td:last-child{width:auto}.median{background:var(--ink)}.facts td{text-align:left;white-space:normal}.facts td:first-child{width:1%;white-space:nowrap;padding-right:2em}
.stranded{fill:#c0392b;background:#c0392b}
.dot{fill:var(--two);fill-opacity:.45}.max{stroke:var(--one);stroke-width:2}.med{stroke:var(--ink);stroke-width:2}
text.name{text-anchor:end;fill:var(--ink)}text.end{fill:var(--ink)}
path.line{fill:none;stroke-width:1.6}path.line.one{stroke:var(--one)}path.line.two{stroke:var(--two)}
path.line.three{stroke:var(--three)}path.line.four{stroke:var(--four)}
"""


def page(found: dict[str, Any], lang: str) -> str:
    """The whole file."""

    def say(key: str) -> str:
        return word(key, lang)

    title = f"{say('title')}: {', '.join(found['pairs'])}"
    scenarios = len({row["scenario"] for row in found["rows"]})
    facts = [
        (say("pairs"), ", ".join(found["pairs"])),
        (say("market"), say("prices") if found["market"] == "prices" else Path(found["market"]).name),
        (say("runs"), say("runs_of").format(scenarios=scenarios, seeds=found["seeds"], seconds=found["seconds"], heal=found["heal_s"])),
        (say("distances"), distances(found["latencies"], say)),
        *((say("exposure").format(pair=pair), exposure(told, say)) for pair, told in found["covers"].items()),
    ]
    parts = [f"<h1>{escape(title)}</h1>", f"<p>{escape(say('intro'))}</p>", f'<div class="facts">{table([], facts)}</div>']
    parts += [warning(say(name), found[name], lang) for name in ("problems", "notes") if found[name]]
    if not found["problems"]:
        parts.append(f"<p>{escape(say('fine'))}</p>")
    pairs = {pair: [row for row in found["rows"] if row["pair"] == pair] for pair in found["pairs"]}
    parts.append(f"<h2>{escape(say('overview'))}</h2>{overview(pairs, say)}")
    parts += [pair_part(pair, rows, say, is_cover=pair in found["covers"]) for pair, rows in pairs.items() if rows]
    parts.append(f'<h2>{escape(say("alerts_head"))}</h2><div class="words">{alerts_table(found["rows"], say)}</div>')
    told = [say(f"scenario {name}").replace("\uff1a", ":").partition(":") for name in dict.fromkeys(row["scenario"] for row in found["rows"])]
    parts.append(f'<h2>{escape(say("scenarios"))}</h2><div class="facts">{table([], [(name, what.strip()) for name, _, what in told])}</div>')
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    return f'<!doctype html><html lang="{lang}"><head>{head}<style>{STYLE}{OWN_STYLE}</style></head><body>{"".join(parts)}</body></html>\n'


Say = Callable[[str], str]


def warning(title: str, lines: Sequence[str], lang: str) -> str:
    """What must be read first, a line each."""
    items = "".join(f"<li>{escape(in_language(line, lang))}</li>" for line in lines)
    return f'<div class="warn">{escape(title)}<ul>{items}</ul></div>'


def distances(latencies: dict[str, Any], say: Say) -> str:
    """Round trips, and which of them nobody has told."""
    jitters = {venue: f"+{told['jitter_ms']:g}" if told["jitter_ms"] else "" for venue, told in latencies.items()}
    return "; ".join(f"{venue} {told['rtt_ms']:g}{jitters[venue]}{'' if told['told'] else say('assumed')}" for venue, told in latencies.items())


def exposure(told: dict[str, Any], say: Say) -> str:
    """What a cover covered."""
    return say("drawn") if told["qtys"] is None else f"{', '.join(told['qtys'])} {told['unit']}"


def overview(pairs: dict[str, list[dict[str, Any]]], say: Say) -> str:
    """A row a pair, over all its scenarios: the worst, and where."""
    head = ("pair", "hedges", "STRANDED", "at_end", "most_value", "in_scenario", "longest", "in_scenario", "value_s", "in_scenario", "repair_cost")
    body = []
    for pair, rows in pairs.items():
        if not rows:
            continue
        worst = []
        for key, form in (("naked_value", ",.0f"), ("longest_ms", ",.1f"), ("naked_value_s", ",.0f")):
            row = max(rows, key=lambda each: each[key])
            worst += [format(row[key], form), name_of(row, say) if row[key] else ""]
        ends = [sum(row["outcomes"].get("STRANDED", 0) for row in rows), sum(row["naked_at_end"] for row in rows)]
        body.append([f"{pair} ({rows[0]['currency']})", sum(row["hedges"] for row in rows) or say("never"), *ends, *worst, f"{sum(row['repair_cost'] for row in rows):,.0f}"])
    return table([say(key) for key in head], body)


def name_of(row: dict[str, Any], say: Say) -> str:
    """A row's scenario, in short."""
    return short(say(f"scenario {row['scenario']}"))


def pair_part(pair: str, rows: Sequence[dict[str, Any]], say: Say, *, is_cover: bool) -> str:
    """One pair: its table, its plots, its worst episodes."""
    currency = rows[0]["currency"]
    names = [name_of(row, say) for row in rows]
    marks = ((say("median"), "median"), (say("largest"), "one"))
    shares = [[row["outcomes"].get(name, 0) for name, _ in OUTCOMES] for row in rows]
    return "".join(
        (
            f"<h2>{escape(pair)} ({escape(currency)}): {escape(say('summary'))}</h2>",
            summary_table(rows, say),
            f'<p class="note">{escape(say("cost_note"))}</p>',
            stacked(say("outcome_plot"), names, shares, [(say(name), css) for name, css in OUTCOMES]),
            dots(say("naked_plot"), names, [row["naked_ms"] for row in rows], marks, logarithmic=True, unit=" ms"),
            f'<p class="note">{escape(say("cover_note" if is_cover else "naked_note"))}</p>',
            dots(say("cost_plot").format(currency=currency), names, [row["costs"] for row in rows], marks, logarithmic=False),
            steps(say("worst_plot").format(currency=currency), worst_of(rows, say)),
            f"<h2>{escape(say('worst'))}</h2>",
            worst_table(rows, say),
        )
    )


def summary_table(rows: Sequence[dict[str, Any]], say: Say) -> str:
    """A row a scenario."""
    head = ("scenario", "troubles", "hedges", "DONE", "PART", "NONE", "STRANDED", "orders_hedge", "refused", "repaired", "naked_p50", "naked_p95", "longest", "value_s", "repair_cost", "cost", "still")
    body = []
    for row in rows:
        ends = [row["outcomes"].get(name, 0) for name, _ in OUTCOMES]
        each = f"{row['orders'] / row['hedges']:.1f}" if row["hedges"] else ""
        times = [f"{share(row['naked_ms'], at):,.1f}" for at in (0.5, 0.95, 1.0)]
        money = [f"{row[key]:,.0f}" for key in ("naked_value_s", "repair_cost", "cost")]
        still = sum(row["still_s"].values())
        body.append([name_of(row, say), row["troubles"], row["hedges"] or say("never"), *ends, each, row["refused"], row["repaired"], *times, *money, f"{still:,.0f}"])
    return table([say(key) for key in head], body)


def short(text: str) -> str:
    """What stands before the colon, of either kind."""
    return text.replace("\uff1a", ":").partition(":")[0]


def share(values: Sequence[float], at: float) -> float:
    """The value below which that share of the sorted values lies; 0 of none."""
    return values[min(len(values) - 1, floor(at * len(values)))] if values else 0.0


def worst_of(rows: Sequence[dict[str, Any]], say: Say) -> list[tuple[str, list[list[float]]]]:
    """The worst episodes by naked value times seconds, with their points."""
    ordered = sorted((row for row in rows if row["worst"]), key=lambda row: -row["worst"]["value_s"])[:MOST_WORST]
    return [(name_of(row, say), row["worst"]["points"]) for row in ordered]


def worst_table(rows: Sequence[dict[str, Any]], say: Say) -> str:
    """A row a scenario that had one."""
    body = []
    for row in sorted((row for row in rows if row["worst"]), key=lambda row: -row["worst"]["value_s"]):
        worst = row["worst"]
        lots = ", ".join(f"{place} {lots}" for place, lots in worst["lots"].items() if lots)
        body.append([name_of(row, say), worst["hedge"], f"{worst['ms']:,.2f}", f"{worst['value']:,.0f}", f"{worst['value_s']:,.0f}", lots])
    return table([say(key) for key in ("scenario", "hedge", "ms", "value", "value_s", "naked_lots")], body or [[say("nothing")]])


def alerts_table(rows: Sequence[dict[str, Any]], say: Say) -> str:
    """Each alert, how often, in which scenarios."""
    total: Counter[str] = Counter()
    where: dict[str, list[str]] = {}
    first = rows[0]["pair"] if rows else ""
    for row in rows:
        if row["pair"] != first:
            continue  # alerts are the node's: each pair's row has them all
        for code, count in row["alerts"].items():
            total[code] += count
            where.setdefault(code, []).append(row["scenario"])
    body = [[code, count, ", ".join(short(say(f"scenario {name}")) for name in where[code])] for code, count in total.most_common()]
    return table([say("code"), say("count"), say("scenario")], body or [[say("nothing"), "", ""]])


# ------------------------------------------------ plots


def stacked(title: str, names: Sequence[str], values: Sequence[Sequence[float]], series: Sequence[tuple[str, str]]) -> str:
    """Bars across, a row each, of shares that add up."""
    body = []
    wide = WIDTH - LEFT - RIGHT
    for place, (name, row) in enumerate(zip(names, values, strict=True)):
        y, x, total = TOP + place * ROW, float(LEFT), sum(row)
        body.append(_name(name, y))
        for value, (word_of, css) in zip(row, series, strict=True):
            part = wide * value / total if total else 0.0
            if part:
                body.append(f'<rect class="{css}" x="{x:.1f}" y="{y + 4}" width="{part:.1f}" height="{ROW - 8}"><title>{escape(word_of)} {value}</title></rect>')
            x += part
        body.append(f'<text class="end" x="{WIDTH - RIGHT + 6}" y="{y + ROW / 2 + 4:.0f}">n = {total}</text>')
    return _figure(title, body, TOP + len(names) * ROW + 6, series)


def dots(
    title: str, names: Sequence[str], values: Sequence[Sequence[float]], marks: Sequence[tuple[str, str]] = (), *, logarithmic: bool, unit: str = ""
) -> str:
    """A row of marks each; the bar is the median, the red one the largest, which is told at the end of the row."""
    every = [value for row in values for value in row if not logarithmic or value > 0]
    if not every:
        return ""
    low, high = min(every), max(every)
    if logarithmic:
        low, high = 10 ** floor(log10(max(low, 1e-3))), 10 ** (floor(log10(high)) + 1)
    else:
        room = (max(0.0, high) - min(0.0, low)) * MARGIN or 1.0
        low, high = min(0.0, low) - room, max(0.0, high) + room

    def at_x(value: float) -> float:
        part = (log10(max(value, low)) - log10(low)) / (log10(high) - log10(low)) if logarithmic else (value - low) / (high - low or 1.0)
        return LEFT + (WIDTH - LEFT - RIGHT) * part

    bottom = TOP + len(names) * ROW
    body = []
    for tick in _decades(low, high) if logarithmic else _round(low, high):
        body.append(f'<line class="grid" x1="{at_x(tick):.1f}" x2="{at_x(tick):.1f}" y1="{TOP}" y2="{bottom}"/>')
        body.append(f'<text class="x" x="{at_x(tick):.1f}" y="{bottom + 16}">{tick:,.6g}</text>')
    for place, (name, row) in enumerate(zip(names, values, strict=True)):
        y = TOP + place * ROW + ROW / 2
        body.append(_name(name, TOP + place * ROW))
        shown = sorted(row)
        for index, value in enumerate(shown[:: max(1, len(shown) // MOST_DOTS)]):
            body.append(f'<circle class="dot" cx="{at_x(value):.1f}" cy="{y + (index * 7 % 11 - 5):.1f}" r="2.6"/>')
        if shown:
            for css, value in (("med", share(shown, 0.5)), ("max", shown[-1])):
                body.append(f'<line class="{css}" x1="{at_x(value):.1f}" x2="{at_x(value):.1f}" y1="{y - 9}" y2="{y + 9}"/>')
            body.append(f'<text class="end" x="{WIDTH - RIGHT + 6}" y="{y + 4:.0f}">{amount(shown[-1])}{unit}</text>')
    return _figure(title, body, bottom + BOTTOM, marks)


def amount(value: float) -> str:
    """Whole where it is large; else with two figures that say something."""
    return f"{value:,.0f}" if abs(value) >= 100 or not value else f"{value:,.3g}" if abs(value) >= 1 else f"{value:,.2g}"


def steps(title: str, lines: Sequence[tuple[str, Sequence[Sequence[float]]]]) -> str:
    """Values that stand until they change, over ms (logarithmic) from each one's own start."""
    points = [point for _, line in lines for point in line]
    if not points:
        return ""
    low, high = FIRST_MS, 10.0 ** (floor(log10(max([1.0, *(x for x, _ in points)]))) + 1)
    tall = max(y for _, y in points) * (1 + MARGIN) or 1.0
    height, left = 220, 90

    def at_x(x: float) -> float:
        return left + (WIDTH - left - 40) * log10(max(x, low) / low) / log10(high / low)

    def at_y(y: float) -> float:
        return TOP + (height - TOP) * (1 - y / tall)

    body = []
    for tick in _round(0, tall):
        body.append(f'<line class="grid" x1="{left}" x2="{WIDTH - 20}" y1="{at_y(tick):.1f}" y2="{at_y(tick):.1f}"/>')
        body.append(f'<text class="y" x="{left - 6}" y="{at_y(tick) + 4:.1f}">{tick:,.0f}</text>')
    body += [f'<text class="x" x="{at_x(tick):.1f}" y="{height + 18}">{tick:,.6g} ms</text>' for tick in _decades(low, high)]
    for place, (_, line) in enumerate(lines):
        path = [(at_x(line[0][0]), at_y(line[0][1]))]
        for before, after in pairwise(line):
            path += [(at_x(after[0]), at_y(before[1])), (at_x(after[0]), at_y(after[1]))]
        words = "L".join(f"{x:.1f} {y:.1f}" for x, y in path)
        body.append(f'<path class="line {LINES[place % len(LINES)]}" d="M{words}"/>')
    return _figure(title, body, height + BOTTOM, [(name, LINES[place % len(LINES)]) for place, (name, _) in enumerate(lines)])


def _decades(low: float, high: float) -> list[float]:
    return [10.0**power for power in range(round(log10(low)), round(log10(high)) + 1)]


def _round(low: float, high: float) -> list[float]:
    from tools.assess_svg import nice

    return nice(low, high)


def _name(name: str, y: float) -> str:
    short = name if len(name) <= 42 else name[:41] + "…"
    return f'<text class="name" x="{LEFT - 8}" y="{y + ROW / 2 + 4:.0f}">{escape(short)}<title>{escape(name)}</title></text>'


def _figure(title: str, body: Sequence[str], height: float, keys: Sequence[tuple[str, str]]) -> str:
    legend = "".join(f'<span class="key"><i class="{css}"></i>{escape(name)}</span>' for name, css in keys)
    label = escape(title, quote=True)
    return (
        f"<figure><figcaption>{escape(title)} {legend}</figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{label}">{"".join(body)}</svg></figure>\n'
    )
