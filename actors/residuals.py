"""What a pair's lots leave over: when it is due, and the hedge of it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from msgspec.structs import replace

from domain import firing, guards, residual
from domain.hedges import HedgeOpened
from domain.margin import room, sums_of
from domain.pairs import Pair
from domain.pairspec import PairSpec


class Residuals:
    """Part of a view; worked out once for each state of the pair."""

    __slots__ = ("_lots", "_of", "_taken", "spec")

    def __init__(self, spec: PairSpec, taken: Callable[[], tuple[Fraction, ...]]) -> None:
        self.spec = spec
        self._taken = taken
        self._of: Pair | None = None
        self._lots = 0

    def due(self, pair: Pair) -> int:
        """Signed lots of the residual leg that it has grown to."""
        if pair is not self._of:
            self._of, self._lots = pair, residual.due(pair, self.spec, self._taken())
        return self._lots

    def gate(self, view: Any, pair: Pair, now_ns: int) -> HedgeOpened | str:
        """The hedge of it, or the name of what stops it."""
        spec, lots = self.spec, self.due(pair)
        index, adds, side = spec.residual_leg, residual.opens(pair, spec, lots), 1 if lots > 0 else -1
        quote = view.quotes[index]
        why = (
            firing.why_closed(pair, spec, adds)
            or (view.desk.holds and view.why_held(adds))
            or (view.over.opens if adds else view.over.every)
            or view.why_closed()
            or guards.why_not(quote, side < 0, side > 0, now_ns, spec.legs[index].quote_limits)
            or view.why_venue(adds)
        )
        if why:
            return why
        aim = replace(firing.aim_of(spec, "buy_open"), sides=(side,) * len(spec.legs), per_unit=(1,) * len(spec.legs))
        view.sums = sums_of([need for need in view.needs_of(aim) if need.leg == index], view.quotes)
        if adds and view.sums and spec.sends_orders:
            most, why = room(view.sums, abs(lots))
            lots = side * most
            if not lots:
                return f"RISK {why}"
        opened = residual.plan(pair, spec, lots, quote, view.desk.node_epoch, now_ns, view.rates)
        if isinstance(opened, str) or not spec.sends_orders:
            return opened if isinstance(opened, str) else "OBSERVE"
        why = view.refusal(opened)
        return f"RISK {why}" if why else opened
