"""A broken seed made small: a shorter horizon, and fewer faults.

Each step keeps the same invariant broken. A fault that is left out draws its
chances all the same, so that the rest of the run stays as it was as long as
nothing depends on it.
"""

from __future__ import annotations

from typing import Any

from simulation.faults import MOMENTS, RATES
from simulation.run import WARM_UP_MS, run
from simulation.world import NodeMaker

LEAST_MS = 500
STEPS = 6


def shrunk(seed: int, make_node: NodeMaker, safety_ms: int) -> dict[str, Any] | None:
    """The smallest that was found: safety_ms, without; None if nothing breaks."""
    without: frozenset[str] = frozenset()
    first = run(seed, make_node, safety_ms, without)
    if first.ok:
        return None
    at_ns, invariant, what = first.violations[0]

    def breaks(ms: int, left_out: frozenset[str]) -> str:
        return next((text for _, name, text in run(seed, make_node, ms, left_out).violations if name == invariant), "")

    least, most = LEAST_MS, min(safety_ms, max(LEAST_MS, at_ns // 1_000_000 - WARM_UP_MS + 500))
    if not breaks(most, without):
        most = safety_ms
    for _ in range(STEPS):
        middle = (least + most) // 2
        if breaks(middle, without):
            most = middle
        else:
            least = middle
    every = (*RATES, *MOMENTS)
    for some in ([fault for fault in every if fault not in first.faults], *([fault] for fault in every if fault in first.faults)):
        fewer = without.union(some)
        if breaks(most, fewer):
            without = fewer
    return {
        "seed": seed,
        "safety_ms": most,
        "without": sorted(without),
        "invariant": invariant,
        "what": breaks(most, without) or what,
    }
