"""A hedge's timeline as one HTML file: its style and drawing inside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape

from journal.stages import OrderTimes
from journal.timeline import Timeline
from tools.audit_text import utc
from tools.timeline_text import FAR, OFF, UNKNOWN, axis_of, bars_of, order_title, repaired, stage_name

Word = Callable[[str], str]

LEFT, RIGHT, WIDE, ROW = 190, 210, 1100, 18
STYLE = """
:root{--ink:#1d2430;--soft:#667;--rule:#e3e6ea;--exchange:#7d3c98;--gateway:#b9770e;--node:#2471a3;--off:#c0392b;--paper:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e6e8ec;--soft:#9aa3b0;--rule:#333a45;--exchange:#c79be0;--gateway:#f0b95a;
--node:#6db8f2;--off:#ff7f6e;--paper:#14181f}}
body{font:14px/1.5 system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;color:var(--ink);background:var(--paper);
max-width:1140px;margin:2em auto;padding:0 1em}
h1{font-size:1.3em}h2{font-size:1em;margin:1.4em 0 .2em}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}td{padding:.1em 1em .1em 0}td.n{text-align:right}
svg{width:100%;height:auto}svg text{font-size:12px;fill:var(--ink);font-variant-numeric:tabular-nums}
svg .soft{fill:var(--soft)}svg .end{text-anchor:end}svg line{stroke:var(--rule)}
.exchange{fill:var(--exchange);color:var(--exchange)}.gateway{fill:var(--gateway);color:var(--gateway)}
.node{fill:var(--node);color:var(--node)}.off{fill:var(--off);color:var(--off)}
"""


def page_of(found: Timeline, lang: str, word: Word) -> str:
    """The whole file."""
    title = f"{found.hedge}  {word(found.outcome or 'in_flight')}"
    body = [f"<h1>{escape(title)}</h1>", f"<p>{utc(found.started_ns)}, {found.duration_us:,.1f} us. {_key(word)}</p>"]
    body.extend(_clocks(found, word))
    body.append(_milestones(found, word))
    axis = axis_of(found)
    for order in found.orders:
        body.append(f"<h2>{escape(order_title(order, word))}</h2>")
        body.append(_drawing(order, axis, word))
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    return f'<!doctype html><html lang="{lang}"><head>{head}<style>{STYLE}</style></head><body>{"".join(body)}</body></html>\n'


def _key(word: Word) -> str:
    """Which clock has which colour; the names stand in each row as well."""
    clocks = (("exchange", "exchange_event"), ("gateway", "gateway"), ("node", "node"))
    return "  ".join(f'<b class="{css}">■ {escape(_plain(word, name))}</b>' for css, name in clocks)


def _plain(word: Word, name: str) -> str:
    return "exchange" if word(name) == "exchange_event" else word(name)


def _clocks(found: Timeline, word: Word) -> Iterator[str]:
    for each in found.clocks:
        whose = f"{each.venue} {word(each.clock)}" if each.venue else word("node")
        yield f'<p class="off">{OFF} {escape(whose)}: {escape(word(each.off))} ≥ {each.at_least_us:,.1f} us</p>'


def _milestones(found: Timeline, word: Word) -> str:
    rows = [
        f'<tr><td class="n">{each.at_us:,.1f}</td><td>{escape(word(each.what))}</td>'
        f"<td>{escape(word(each.more))}</td><td>#{each.seq}</td></tr>"
        for each in found.milestones
    ]
    rows.append(f'<tr><td class="n"></td><td>{escape(word("repaired"))}</td><td>{escape(repaired(found, word))}</td></tr>')
    return f"<table>{''.join(rows)}</table>"


def _drawing(order: OrderTimes, axis: tuple[float, float], word: Word) -> str:
    first, last = axis

    def x(at_us: float) -> float:
        return LEFT + (min(max(at_us, first), last) - first) / (last - first) * (WIDE - LEFT - RIGHT)

    parts = [f'<line x1="{x(0):.1f}" x2="{x(0):.1f}" y1="0" y2="{ROW * len(order.stages)}"/>']
    for place, (stage, from_us) in enumerate(bars_of(order)):
        y = place * ROW
        css = "off" if stage.off else stage.clock
        at = UNKNOWN if stage.at_us is None else f"{stage.at_us:,.1f}{OFF if stage.off else ''}"
        step = "" if stage.step_us is None else f"{round(stage.step_us, 1) + 0.0:+,.1f}"
        parts.append(f'<text x="0" y="{y + 13}">{escape(stage_name(stage, word))}</text>')
        parts.append(f'<text class="end" x="{WIDE - 100}" y="{y + 13}">{at}</text>')
        parts.append(f'<text class="end soft" x="{WIDE}" y="{y + 13}">{step}</text>')
        if stage.at_us is None:
            parts.append(f'<text class="soft" x="{LEFT}" y="{y + 13}">{escape(word(stage.why))}</text>')
        if stage.at_us is None or stage.off:
            continue
        begin = x(stage.at_us) if from_us is None else min(x(from_us), x(stage.at_us))
        wide = max(2.0, x(stage.at_us) - begin)
        parts.append(f'<rect class="{css}" x="{begin:.1f}" y="{y + 4}" width="{wide:.1f}" height="{ROW - 8}"/>')
        if min(stage.at_us, stage.at_us if from_us is None else from_us) < first:
            parts.append(f'<text class="soft end" x="{LEFT - 4}" y="{y + 13}">{FAR}</text>')
    label = escape(order_title(order, word), quote=True)
    return f'<svg viewBox="0 0 {WIDE} {ROW * len(order.stages)}" role="img" aria-label="{label}">{"".join(parts)}</svg>'
