"""Plots as inline SVG: bands over time, bars; nothing from outside.

Text is drawn by the page's own font; colours come from its style sheet by
class, so that one place decides them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from html import escape
from math import floor, isfinite, log10
from typing import NamedTuple

WIDTH, HEIGHT = 860, 250
LEFT, RIGHT, TOP, BOTTOM = 76, 12, 10, 30
TICKS = 5
NS_PER_S = 1_000_000_000
Point = tuple[float, float, float]


class Band(NamedTuple):
    """Lows and highs over x; `css` names its colour."""

    name: str
    css: str
    points: Sequence[Point]


class Line(NamedTuple):
    """A level to compare with."""

    name: str
    at: float


def nice(low: float, high: float) -> list[float]:
    """Round values from low to high, about five of them."""
    if not (isfinite(low) and isfinite(high)) or high <= low:
        return [low]
    rough = (high - low) / TICKS
    unit = 10 ** floor(log10(rough))
    step = next(unit * times for times in (1, 2, 5, 10) if unit * times >= rough * (1 - 1e-9))
    first = floor(low / step) + (1 if low % step else 0)
    return [each * step for each in range(first, floor(high / step + 1e-9) + 1)]


def number(value: float) -> str:
    """As an axis shows it."""
    return f"{value:.6g}"


def bands(title: str, found: Sequence[Band], lines: Sequence[Line] = (), zone: object = None) -> str:
    """Bands over time (x in ns), with levels; the extremes of 0.2 % are cut."""
    points = [point for band in found for point in band.points]
    if not points:
        return ""
    lows, highs = sorted(low for _, low, _ in points), sorted(high for _, _, high in points)
    cut = len(points) // 500
    shown = [line.at for line in lines if isfinite(line.at)]
    low, high = min([lows[cut], *shown]), max([highs[-1 - cut], *shown])
    low, high = _widened(low, high)
    x0, x1 = min(x for x, _, _ in points), max(x for x, _, _ in points)
    at_x, at_y = _scale(x0, x1, LEFT, WIDTH - RIGHT), _scale(low, high, HEIGHT - BOTTOM, TOP)
    body = [_axis_y(nice(low, high), at_y)]
    for each in _times(x0, x1):
        clock = datetime.fromtimestamp(each / NS_PER_S, zone).strftime("%H:%M:%S")  # type: ignore[arg-type]
        body.append(f'<text class="x" x="{at_x(each):.1f}" y="{HEIGHT - 10}">{clock}</text>')
    for band in found:
        body.extend(
            f'<path class="{band.css}" d="{path}"/>' for path in _paths(band.points, at_x, at_y, (x1 - x0) / 60)
        )
    for place, line in enumerate(lines):
        y = at_y(line.at)
        body.append(f'<line class="level" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        body.append(f'<text class="level" x="{LEFT + 4 + place * 130}" y="{y - 4:.1f}">{escape(line.name)} {number(line.at)}</text>')
    return _figure(title, body, [(band.name, band.css) for band in found])


def bars(title: str, groups: Sequence[tuple[str, Sequence[float]]], series: Sequence[tuple[str, str]], unit: str = "%") -> str:
    """Bars side by side: a group's name, then one value for each series."""
    if not groups:
        return ""
    high = max(max(values) for _, values in groups) or 1.0
    at_y = _scale(0, high, HEIGHT - BOTTOM, TOP)
    width = (WIDTH - LEFT - RIGHT) / len(groups)
    body = [_axis_y(nice(0, high), at_y, unit)]
    every = max(1, len(groups) // 12)
    for place, (name, values) in enumerate(groups):
        x = LEFT + place * width
        for at, value in enumerate(values):
            bar = width * 0.86 / len(values)
            y = at_y(value)
            body.append(
                f'<rect class="{series[at][1]}" x="{x + width * 0.07 + at * bar:.1f}" y="{y:.1f}" '
                f'width="{max(bar, 0.5):.1f}" height="{HEIGHT - BOTTOM - y:.1f}"/>'
            )
        if place % every == 0:
            body.append(f'<text class="x" x="{x + width / 2:.1f}" y="{HEIGHT - 10}">{escape(name)}</text>')
    return _figure(title, body, series)


def _times(x0: float, x1: float) -> list[float]:
    return [x0 + (x1 - x0) * (place + 0.5) / 6 for place in range(6)] if x1 > x0 else [x0]


def _widened(low: float, high: float) -> tuple[float, float]:
    room = (high - low) * 0.06 or abs(high) * 0.01 or 1.0
    return low - room, high + room


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """From values to the page, cut to it."""
    span = (high - low) or 1.0

    def at(value: float) -> float:
        share = min(1.0, max(0.0, (value - low) / span))
        return start + (end - start) * share

    return at


def _paths(points: Sequence[Point], at_x: Callable, at_y: Callable, gap: float) -> list[str]:
    """Closed bands, one for each stretch without a gap in it."""
    found: list[str] = []
    stretch: list[Point] = []
    for point in [*points, None]:
        if stretch and (point is None or point[0] - stretch[-1][0] > gap):
            over = [f"{at_x(x):.1f} {at_y(high) - 0.6:.1f}" for x, _, high in stretch]
            under = [f"{at_x(x):.1f} {at_y(low) + 0.6:.1f}" for x, low, _ in reversed(stretch)]
            found.append("M" + "L".join([*over, *under]) + "Z")
            stretch = []
        if point is not None:
            stretch.append(point)
    return found


def _axis_y(ticks: Sequence[float], at_y: Callable[[float], float], unit: str = "") -> str:
    parts = []
    for each in ticks:
        y = at_y(each)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="y" x="{LEFT - 6}" y="{y + 4:.1f}">{number(each)}{unit}</text>')
    return "".join(parts)


def _figure(title: str, body: Sequence[str], keys: Sequence[tuple[str, str]]) -> str:
    legend = "".join(f'<span class="key"><i class="{css}"></i>{escape(name)}</span>' for name, css in keys)
    label = escape(title, quote=True)
    return (
        f"<figure><figcaption>{escape(title)} {legend}</figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{"".join(body)}</svg></figure>\n'
    )
