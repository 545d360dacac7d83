"""A pair's value by a formula over its legs' comparable prices.

    "cu - hg"    "au / gc * 100"    "min(front, back) - spot * 1.02"

Names of legs, numbers, + - * / ( ), min, max, abs; nothing else, and nothing
is ever looked up. It is read once, and judged before it is believed: buying
the pair must cost more as a bought leg rises and as a sold leg falls, or "buy
at this or less" would mean nothing. Every part's sign, and the way in which it
moves with each leg, follow from its parts; what can't be told is refused.

Prices are taken as above 0 (a quotient's sign hangs on it): where one is not,
the value is NaN, which meets no threshold.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from math import inf, isfinite, nan
from typing import Any

from msgspec import Struct

MAX_TEXT = 240
"""Characters of a formula: its tree stays as shallow as it is readable."""

CALLS = {"min": min, "max": max, "abs": abs}
UP, DOWN, FLAT = 1, -1, 0
"""The way in which a part moves with a leg; None: now so, now so."""

_SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


class FormulaError(ValueError):
    """What is wrong with a formula, as its author is told it."""


class Part(Struct, frozen=True):
    """A part of a formula: its sign (None: unknown), and its way with each leg."""

    sign: int | None
    ways: tuple[int | None, ...]


class Formula:
    """A formula that was read: `value` of prices, `ways` by leg."""

    __slots__ = ("_value", "names", "text", "ways")

    def __init__(self, text: str, names: Sequence[str]) -> None:
        tree = _read(text)
        self.text = text
        self.names = tuple(names)
        self.ways = _part(tree.body, self.names).ways
        self._value = _compiled(tree, self.names)

    def value(self, prices: Sequence[float]) -> float:
        """The value at these prices; NaN where one is not above 0."""
        for price in prices:
            if not price > 0.0:
                return nan
        try:
            found = self._value(*prices)
        except (ZeroDivisionError, OverflowError):
            return nan
        return found if isfinite(found) else nan

    def wrong(self, bought: Sequence[bool]) -> str:
        """Why it can't fire a pair whose legs are bought or sold so; or ""."""
        for name, way, buys in zip(self.names, self.ways, bought, strict=True):
            if way == FLAT:
                return f"a formula that names each leg: {name} is not in it"
            if way is None:
                return f"a formula that always rises or always falls with {name}: this one may do both"
            if buys is not (way == UP):
                side, moves = ("buy", "fall") if buys else ("sell", "rise")
                return f"a formula that does not {moves} with {name}, a leg of side {side}: turn the formula or the side"
        return ""


def _read(text: str) -> ast.Expression:
    if len(text) > MAX_TEXT:
        raise FormulaError(f"at most {MAX_TEXT} characters")
    try:
        return ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise FormulaError(f"a formula such as \"leg1 - leg2\": {getattr(error, 'msg', error)}") from None


def _compiled(tree: ast.Expression, names: tuple[str, ...]) -> Callable[..., float]:
    """The function of the prices; made of nothing but what was judged."""
    arguments = ast.arguments(
        posonlyargs=[], args=[ast.arg(name) for name in names], kwonlyargs=[], kw_defaults=[], defaults=[]
    )
    made = ast.fix_missing_locations(ast.Expression(ast.Lambda(arguments, tree.body)))
    return eval(compile(made, "<formula>", "eval"), {"__builtins__": {}, **CALLS})  # noqa: S307 (whitelisted tree)


def _part(node: ast.AST, names: tuple[str, ...]) -> Part:
    kind = type(node)
    if kind is ast.Constant:
        return _number(node.value, len(names))
    if kind is ast.Name:
        if node.id not in names:
            raise FormulaError(f"names of legs only, {', '.join(names)}: {node.id} is none")
        return Part(UP, tuple(UP if name == node.id else FLAT for name in names))
    if kind is ast.UnaryOp and type(node.op) in (ast.USub, ast.UAdd):
        part = _part(node.operand, names)
        return _turned(part) if type(node.op) is ast.USub else part
    if kind is ast.BinOp and type(node.op) in _SIGNS:
        return _JOINED[_SIGNS[type(node.op)]](_part(node.left, names), _part(node.right, names))
    if kind is ast.Call and type(node.func) is ast.Name and not node.keywords:
        return _called(node.func.id, [_part(each, names) for each in node.args])
    raise FormulaError(f"numbers, names of legs, + - * / ( ) min max abs: {ast.unparse(node)} is none of them")


def _number(value: Any, legs: int) -> Part:
    if type(value) not in (int, float) or not -inf < _float(value) < inf:
        raise FormulaError(f"numbers such as 1.13: {str(value)[:40]} is none")
    return Part(UP if value > 0 else DOWN if value < 0 else FLAT, (FLAT,) * legs)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return inf


def _turned(part: Part) -> Part:
    return Part(_times(part.sign, DOWN), tuple(_times(way, DOWN) for way in part.ways))


def _sum(one: Part, other: Part) -> Part:
    return Part(_both(one.sign, other.sign), tuple(map(_both, one.ways, other.ways)))


def _product(one: Part, other: Part) -> Part:
    ways = [_both(_times(a, other.sign), _times(b, one.sign)) for a, b in zip(one.ways, other.ways, strict=True)]
    return Part(_times(one.sign, other.sign), tuple(ways))


def _quotient(one: Part, other: Part) -> Part:
    if other.sign is None or other.sign == FLAT:
        raise FormulaError("a divisor that is always above 0, or always below: this one may be 0")
    upside_down = Part(other.sign, tuple(_times(way, DOWN) for way in other.ways))
    return _product(one, upside_down)


def _called(name: str, parts: list[Part]) -> Part:
    if name == "abs" and len(parts) == 1:
        part = parts[0]
        if part.sign is None:
            return Part(None, tuple(None if way != FLAT else FLAT for way in part.ways))
        return _turned(part) if part.sign == DOWN else part
    if name not in ("min", "max") or len(parts) < 2:
        raise FormulaError(f"min and max of two or more, abs of one: {name} of {len(parts)} is not")
    signs = [part.sign for part in parts]
    ways = parts[0].ways
    for part in parts[1:]:
        ways = tuple(map(_both, ways, part.ways))
    return Part(signs[0] if signs.count(signs[0]) == len(signs) else None, ways)


def _both(one: int | None, other: int | None) -> int | None:
    """What two that are added (or of which one is taken) are together."""
    if one is None or other is None or one * other < 0:
        return None
    return one or other


def _times(one: int | None, other: int | None) -> int | None:
    if FLAT in (one, other):
        return FLAT
    return None if one is None or other is None else one * other


_JOINED = {"+": _sum, "-": lambda a, b: _sum(a, _turned(b)), "*": _product, "/": _quotient}
