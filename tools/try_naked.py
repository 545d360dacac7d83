"""What of a pair was naked, for how long: episodes, by the venues' trades.

A pair is naked in lots that no other leg covers. Where each hedge sizes a leg
anew, what its hedges' other fills call for, at their own ratio, is what that
leg should hold. A cover is naked in whole lots of its exposure, beyond its
band, that it does not hold yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from msgspec import Struct

from domain.books import units_of
from domain.cover import CoverSpec, wanted_lots
from domain.units import exact

NS = 1_000_000_000


class Episode(Struct):
    """A time without a pause in which a pair was naked. Units: ns, lots, money.

    `value_s`: naked value times seconds, in the pair's currency; `points`:
    (ns, value) at each change.
    """

    from_ns: int
    to_ns: int
    lots: dict[str, int]
    value: float
    value_s: float
    hedge: str
    points: list[tuple[int, float]]

    @property
    def ms(self) -> float:
        return (self.to_ns - self.from_ns) / 1e6


class Episodes:
    """What is naked, as it changes. `values`: of a lot of each place, in the pair's currency."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self._values = values
        self.episodes: list[Episode] = []
        self._open: Episode | None = None
        self._since = (0, 0.0)

    def changed(self, ns: int, naked: Mapping[str, int], hedge: str) -> None:
        """From now on so many lots are naked, by place."""
        self._pass(ns)
        value = sum(lots * self._values.get(place, 0.0) for place, lots in naked.items())
        if any(naked.values()):
            if self._open is None:
                self._open = Episode(ns, ns, {}, 0.0, 0.0, hedge, [])
            episode = self._open
            episode.hedge = episode.hedge or hedge
            episode.value = max(episode.value, value)
            episode.lots = {name: max(episode.lots.get(name, 0), lots) for name, lots in naked.items()}
            episode.points.append((ns, value))
            self._since = (ns, value)
        elif self._open is not None:
            self._open.points.append((ns, 0.0))
            self.episodes.append(self._open)
            self._open = None

    def end(self, ns: int) -> Episode | None:
        """The run is over: what is naked still, None where nothing is."""
        self._pass(ns)
        if self._open is not None:
            self._open.points.append((ns, self._since[1]))
            self.episodes.append(self._open)
        return self._open

    def _pass(self, ns: int) -> None:
        if self._open is not None:
            since_ns, value = self._since
            self._open.value_s += value * (ns - since_ns) / NS
            self._open.to_ns = ns
            self._since = (ns, value)


class Nakedness(Episodes):
    """A pair's legs over time. `lots`: signed, of a unit that is bought."""

    def __init__(self, lots: Mapping[str, int], values: Mapping[str, float]) -> None:
        super().__init__(values)
        self._lots = dict(lots)
        self.net: dict[str, int] = dict.fromkeys(lots, 0)

    def take(self, ns: int, place: str, qty: int, hedge: str) -> None:
        """Signed lots of a trade, or of one that is undone."""
        self.net[place] = self.net.get(place, 0) + qty
        self.changed(ns, self._naked(), hedge)

    def _naked(self) -> dict[str, int]:
        held = tuple(self.net[place] for place in self._lots)
        units = units_of(held, tuple(self._lots.values()))
        return {place: abs(qty - units * lot) for (place, lot), qty in zip(self._lots.items(), held, strict=True)}


class SizedNakedness(Nakedness):
    """Legs of 0 `lots` are sized by each hedge: signed lots beside one lot of the first fixed leg, by hedge, are told."""

    def __init__(self, lots: Mapping[str, int], values: Mapping[str, float], ratios: Mapping[str, Mapping[str, Fraction]]) -> None:
        super().__init__(lots, values)
        self._anchor = next(place for place, lot in lots.items() if lot)
        self._ratios = ratios
        self._called: dict[str, Fraction] = {place: Fraction(0) for place, lot in lots.items() if not lot}
        self._last: dict[str, Fraction] = {}

    def take(self, ns: int, place: str, qty: int, hedge: str) -> None:
        """Signed lots of a trade, or of one that is undone."""
        self._last = {**self._last, **self._ratios.get(hedge, {})}
        if place == self._anchor:
            whole = self.net[place] + qty == 0  # with the last of it goes all that was sized beside it
            for name, ratio in self._last.items():
                self._called[name] = Fraction(0) if whole else self._called[name] + qty * ratio
        super().take(ns, place, qty, hedge)

    def _naked(self) -> dict[str, int]:
        fixed = {place: lot for place, lot in self._lots.items() if lot}
        units = units_of([self.net[place] for place in fixed], list(fixed.values()))
        found = {place: abs(self.net[place] - units * lot) if len(fixed) > 1 else 0 for place, lot in fixed.items()}
        for place, called in self._called.items():
            off, ratio = self.net[place] - called, self._last.get(place, Fraction(1))
            bare = abs(round(off))
            if called and off * called < 0:  # too little of it: what stands bare is the other leg
                found[self._anchor] += abs(round(off / ratio)) if bare else 0
                found[place] = 0
            else:
                found[place] = bare
        return found


class CoverNakedness(Episodes):
    """A cover's leg beside what is held elsewhere."""

    def __init__(self, place: str, spec: CoverSpec, values: Mapping[str, float]) -> None:
        super().__init__(values)
        self._place, self._spec = place, spec
        self._goal = Fraction(0)
        self.net: dict[str, int] = {place: 0}

    def told(self, ns: int, qty: str) -> None:
        """So much is held elsewhere from now on. Units: the exposure's."""
        self._goal = -self._spec.ratio * exact(qty)
        self._now(ns, "")

    def take(self, ns: int, place: str, qty: int, hedge: str) -> None:
        """Signed lots of a trade, or of one that is undone."""
        self.net[place] = self.net.get(place, 0) + qty
        self._now(ns, hedge)

    def _now(self, ns: int, hedge: str) -> None:
        left = self._goal - self.net[self._place] * self._spec.per_lot
        self.changed(ns, {self._place: abs(wanted_lots(left, self._spec))}, hedge)
