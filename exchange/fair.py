"""Fair values: random processes that the simulated markets quote around.

Markets are correlated because their fair values share processes: copper in
Shanghai is copper in New York times the exchange rate, times a factor, plus a
deviation that reverts to its mean. The deviation is what a pair trades.
Floats are right here: a fair value is a statistic; prices are cut from it.
"""

from __future__ import annotations

import math
from random import Random

import msgspec

NS = 1_000_000_000


class ProcessSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A process. walk: relative steps, drawn back to `start` by `pull`.

    revert: an Ornstein-Uhlenbeck process about `start`, of standard deviation
    `sigma` at rest; with `swing`, about start + swing and start - swing by
    turns of `swing_ms`, so that it crosses a trigger both ways regularly.

    Units: walk `sigma`: share of start, a square root of a second; `pull`: a
    second; revert `sigma`, `swing`: the process's own.
    """

    name: str
    kind: str
    start: float
    sigma: float = 0.0
    pull: float = 0.0
    half_life_ms: float = 1000.0
    swing: float = 0.0
    swing_ms: float = 0.0


class FairSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """fair = (factor x product of processes) + sum of processes."""

    product: list[str]
    factor: float = 1.0
    plus: list[str] = []


class FairValues:
    """All processes of a run, moved together; the same seed, the same paths."""

    def __init__(self, specs: list[ProcessSpec], seed: int, start_ns: int) -> None:
        self._specs = specs
        self._start_ns = self._now = start_ns
        self._rngs = {spec.name: Random(f"{seed}/process/{spec.name}") for spec in specs}
        self.values = {spec.name: spec.start for spec in specs}

    def advance(self, now: int) -> None:
        """Move every process from where it was to `now`."""
        dt = (now - self._now) / NS
        if dt <= 0:
            return
        self._now = now
        for spec in self._specs:
            step = _walk if spec.kind == "walk" else self._revert
            self.values[spec.name] = step(spec, self.values[spec.name], dt, self._rngs[spec.name])

    def of(self, spec: FairSpec) -> float:
        fair = spec.factor
        for name in spec.product:
            fair *= self.values[name]
        return fair + sum(self.values[name] for name in spec.plus)

    def _revert(self, spec: ProcessSpec, value: float, dt: float, rng: Random) -> float:
        mean = spec.start
        if spec.swing and spec.swing_ms:
            turn = int((self._now - self._start_ns) / (spec.swing_ms * 1e6))
            mean += -spec.swing if turn % 2 else spec.swing
        kept = math.exp(-dt * math.log(2) * 1000 / spec.half_life_ms)
        return mean + (value - mean) * kept + spec.sigma * math.sqrt(1 - kept * kept) * rng.gauss(0, 1)


def _walk(spec: ProcessSpec, value: float, dt: float, rng: Random) -> float:
    drawn = value + (spec.start - value) * min(1.0, spec.pull * dt)
    return drawn + spec.start * spec.sigma * math.sqrt(dt) * rng.gauss(0, 1)
