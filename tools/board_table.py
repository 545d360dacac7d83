"""The board as a table: a line a pair, more where it has three legs.

Pure. Columns are as wide as what stands in them; where the terminal is too
narrow for all, the ones in `DROPS` go first, and reasons have lines of their
own. Where there is colour it is never alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from tools.board_text import DOWN, UP, age_text, closed_text, move, naked_text, reason_text, stranded_text, value_text
from tools.output import pad, width

Word = Callable[[str], str]
Told = dict[str, Any]

COLUMNS = (
    "pair", "state", "leg1 bid", "leg1 ask", "leg2 bid", "leg2 ask", "fx", "buy spread", "sell spread", "ratio", "tradable", "net/limit",
    "profit", "exposure", "age_ms",
)  # fmt: skip
DROPS = (
    "leg2 bid", "leg2 ask", "leg1 bid", "leg1 ask", "fx", "ratio", "age_ms", "tradable", "profit", "sell spread", "buy spread", "net/limit",
)  # fmt: skip
"""What a narrow terminal does without, the first first; leg prices together, and both values."""

TOGETHER = (frozenset(DROPS[:4]), frozenset(DROPS[9:11]))
LEGS = TOGETHER[0]
SIDES = {"buy spread": "buy", "sell spread": "sell"}
"""Named by what the trigger of the pairs watches: their spread, ratio, touch, formula."""
LEFT = ("pair", "state")
LEAST_COLUMNS = 4
REASON_COLUMNS = 12
"""A reason that has less room stands on a line of its own."""

BASES = ("raw", "comparable")
SORTS = ("file", "pair", "state", "exposure", "profit", "age")
ALARMS = ("STRANDED", "UNKNOWN", "FROZEN", "DOWN", "IMBALANCED")
REPAIRS = ("REPLENISHING", "ROLLING_BACK", "SETTLING")

RED, GREEN, YELLOW, DIM, BOLD, INVERSE, PLAIN = "31", "32", "33", "2", "1", "7", "0"


class Choice(Struct):
    """What the one who looks has chosen."""

    basis: str = "comparable"
    sort: str = SORTS[0]
    wanted: str = ""
    selected: int = 0
    selects: bool = False
    green_up: bool = False
    colour: bool = True


class Cell(Struct):
    text: str
    style: str = ""


class Line(Struct):
    """One line of the table, before it has a width. `told`: its pair."""

    cells: dict[str, Cell]
    reason: str
    told: Told


def chosen(pairs: Sequence[Told], choice: Choice) -> list[Told]:
    """The pairs to show, in the order to show them."""
    wanted = choice.wanted.lower()
    found = [told for told in pairs if wanted in told["pair"].lower() or wanted in str(told["state"]).lower()]
    key = _KEYS.get(choice.sort)
    return found if key is None else sorted(found, key=key)


def _naked(told: Told) -> float:
    hedge = told.get("hedge")
    return -(hedge["naked_qty"] if hedge else told.get("naked_qty") or 0)


def _age(told: Told) -> float:
    return -max((leg["age_ms"] if leg["age_ms"] is not None else float("inf") for leg in told.get("legs") or ()), default=0)


_KEYS: dict[str, Callable[[Told], Any]] = {
    "pair": lambda told: told["pair"],
    "state": lambda told: (not state_of(told).startswith((*ALARMS, *REPAIRS)), state_of(told)),
    "exposure": _naked,
    "profit": lambda told: Decimal((told.get("money") or {}).get("profit") or "Infinity"),
    "age": _age,
}


def state_of(told: Told) -> str:
    """The stage of the hedge in flight, else the pair's; and its mode."""
    hedge, mode = told.get("hedge"), told.get("mode")
    state = told["state"] if hedge is None else hedge["state"]
    return state if mode in (None, "ACTIVE") else f"{state} {mode}"


# ------------------------------------------------ one pair


def lines_of(told: Told, before: Told | None, choice: Choice, word: Word) -> list[Line]:
    """The pair's line, and one for each leg past the first two."""
    told = {key: value for key, value in told.items() if value is not None}
    legs = told.get("legs", [])
    many = len(legs) > 2
    first = Line(_cells(told, before, choice, word), reason_of(told, word), told)
    if not many:
        for place, leg in enumerate(legs):
            first.cells.update(_prices(leg, place + 1))
        return [first]
    first.cells["age_ms"] = Cell("")
    below = []
    for leg in legs:
        name = Cell(f" {leg.get('symbol', '')}")
        below.append(Line({"pair": name, **_prices(leg, 1), "age_ms": _ages([leg])}, "", told))
    return [first, *below]


def reason_of(told: Told, word: Word) -> str:
    """Why it does not trade, in the language; of a STRANDED hedge what becomes of it, and what to type."""
    waits = next((leg["why_not"] for leg in told.get("legs", []) if leg["why_not"]), "")
    return stranded_text(told, word) or reason_text(told.get("held") or closed_text(told) or told.get("reason") or waits, word)


def _prices(leg: Told, place: int) -> dict[str, Cell]:
    stale = DIM if leg.get("why_not") else ""
    size = leg.get("tick_size")
    found = {}
    for side in ("bid", "ask"):
        px = leg.get(f"{side}_px")
        text = "-" if px is None or not size else f"{px * Decimal(size):,f}"
        found[f"leg{place} {side}"] = Cell(text + ("~" if stale and text != "-" else ""), stale)
    return found


def _ages(legs: Iterable[Told]) -> Cell:
    text = "/".join(age_text(leg) for leg in legs)
    return Cell(text, DIM if "~" in text else "")


def _cells(told: Told, before: Told | None, choice: Choice, word: Word) -> dict[str, Cell]:
    state, naked = state_of(told), naked_text(told)
    alarm = f"{BOLD};{RED}" if state.startswith(ALARMS) else YELLOW if state.startswith(REPAIRS) else ""
    ages = _ages(told.get("legs", []))
    cover = told.get("cover")
    if cover is not None and naked == "0":
        naked = f"{cover['lots']:+d}" if cover["lots"] else "0"
    return {
        "pair": Cell(told["pair"]),
        "state": Cell(" ".join(word(part) for part in state.split(" ")), alarm),
        "fx": _fx(told),
        "buy spread": _spread(told, before, "buy", choice, ages.style),
        "sell spread": _spread(told, before, "sell", choice, ages.style),
        "ratio": Cell(value_text(told.get("ratio", {}).get(choice.basis, {}).get("buy"))),
        "tradable": Cell(f"{told['tradable_buy']}/{told['tradable_sell']}" if "tradable_buy" in told else "-"),
        "net/limit": Cell(f"{told.get('units', 0):+d}/{told.get('max_units', 0)}"),
        "profit": Cell(_money(told.get("money"))),
        "exposure": Cell(naked, "" if naked == "0" else f"{BOLD};{INVERSE}"),
        "age_ms": ages,
    }


def _spread(told: Told, before: Told | None, side: str, choice: Choice, stale: str) -> Cell:
    arrow = move(told, before, side)
    up, down = (GREEN, RED) if choice.green_up else (RED, GREEN)
    text = value_text(told.get(side))
    mark = "~" if stale and text != "-" else arrow or " "
    return Cell(text + mark, stale or {UP: up, DOWN: down}.get(arrow, ""))


def _fx(told: Told) -> Cell:
    """The rate that is looked up, and its age; "" where all are fixed."""
    asked = told.get("fx") or []
    if not asked:
        return Cell("")
    rate = next((rate for rate in told.get("rates", []) if rate != 1.0), None)
    stale = "FX_STALE" in (told.get("reason"), told.get("held"))
    age = max(each["age_ms"] for each in asked)
    return Cell(f"{'-' if rate is None else f'{rate:.4f}'} {age}{'~' if stale else ''}", DIM if stale else "")


def _money(money: Told | None) -> str:
    if not money or money.get("profit") is None:
        return "-"
    profit = Decimal(money["profit"])
    return f"{profit:,.0f}" if abs(profit) >= 100 else f"{profit:,.2f}"


# ------------------------------------------------ the table


def table(
    pairs: Sequence[Told], before: dict[str, Told], choice: Choice, columns: int, word: Word, kept: dict[str, int] | None = None
) -> list[list[str]]:
    """The heading, then each pair's lines together.

    `kept`: how wide each column has been; a column never gets narrower, so
    that nothing jumps when a value goes.
    """
    groups = [lines_of(told, before.get(told["pair"]), choice, word) for told in pairs]
    kind = _kind_of(pairs)
    names, widths = _fitted([line for group in groups for line in group], columns, word, {} if kept is None else kept, kind)
    room = columns - sum(widths.values()) - len(names)
    heads = [pad(cut(_head(name, word, kind), widths[name]), widths[name], right=name not in LEFT) for name in names]
    reason_head = [word("reason")] if room >= REASON_COLUMNS else []
    found = [[styled(" ".join([*heads, *reason_head]), BOLD, choice)]]
    for place, group in enumerate(groups):
        mark = choice.selects and place == choice.selected
        found.append([text for line in group for text in _drawn(line, names, widths, room, choice, word, mark=mark)])
    return found


def _kind_of(pairs: Sequence[Told]) -> str:
    """What the triggers watch: spread, ratio, touch or formula; `value` where pairs differ."""
    kinds = {told.get("value") or "spread" for told in pairs}
    return kinds.pop() if len(kinds) == 1 else "value" if kinds else "spread"


def _head(name: str, word: Word, kind: str) -> str:
    """As other screens name it; a leg's number before its price."""
    if name in LEGS:
        leg, side = name.split(" ")
        zh = word(side) != side
        return f"腿{leg[3:]}{word(side)}" if zh else name
    if name in SIDES:
        named = f"{SIDES[name]} {kind}"
        return word(named) if word(named) != named else SIDES[name]
    return word(name)


def _fitted(lines: list[Line], columns: int, word: Word, kept: dict[str, int], kind: str) -> tuple[list[str], dict[str, int]]:
    """The columns that fit, and how wide each is."""
    for name in COLUMNS:
        cells = (width(line.cells[name].text) for line in lines if name in line.cells)
        kept[name] = max([width(_head(name, word, kind)), kept.get(name, 0), *cells])
    widths = kept
    names = [name for name in COLUMNS if name != "fx" or any(line.cells.get("fx", Cell("")).text for line in lines)]
    for drop in DROPS:
        if sum(widths[name] + 1 for name in names) - 1 <= columns:
            break
        names = [name for name in names if name != drop and not any(drop in group and name in group for group in TOGETHER)]
    fitted = {name: widths[name] for name in names}
    for name in LEFT:  # what is left is cut, so that nothing runs over the edge
        over = sum(fitted.values()) + len(names) - 1 - columns
        fitted[name] -= max(0, min(over, fitted[name] - LEAST_COLUMNS))
    return names, fitted


def _drawn(
    line: Line, names: list[str], widths: dict[str, int], room: int, choice: Choice, word: Word, *, mark: bool
) -> Iterable[str]:
    parts = []
    for name in names:
        cell = line.cells.get(name, Cell(""))
        text = pad(cut(cell.text, widths[name]), widths[name], right=name not in LEFT)
        parts.append(styled(text, INVERSE if mark and name == "pair" else cell.style, choice))
    wide = room >= REASON_COLUMNS
    yield (" ".join(parts) + (" " + cut(line.reason, room) if wide and line.reason else "")).rstrip()
    if not wide and line.reason:
        columns = sum(widths.values()) + len(names) + room - 1
        ages = "" if "age_ms" in names else f"  {word('age_ms')} {line.cells['age_ms'].text}"
        yield styled(cut(f"  {line.reason}{ages}", columns), DIM, choice)


def styled(text: str, style: str, choice: Choice) -> str:
    """In colour, where there is any."""
    return f"\x1b[{style}m{text}\x1b[{PLAIN}m" if style and choice.colour else text


def cut(text: str, columns: int) -> str:
    """At most so many columns wide; what is cut ends in an ellipsis."""
    if width(text) <= columns:
        return text
    found, used = "", 1
    for char in text:
        used += width(char)
        if used > columns:
            break
        found += char
    return found + "…" if columns > 0 else ""
