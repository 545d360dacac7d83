"""A process that runs seeds: one JSON line for each, as they end.

Started by `sim fleet`, several at a time, each with its own PYTHONHASHSEED.
"""

from __future__ import annotations

import json
import os
import sys

from simulation.run import run
from tools.node_build import Node


def main() -> None:
    """The argument: {"seeds": [...], "safety_ms": n}."""
    asked = json.loads(sys.argv[1])
    for seed in asked["seeds"]:
        before = os.times()
        result = run(seed, Node, asked["safety_ms"])
        after = os.times()
        row = {name: getattr(result, name) for name in result.__struct_fields__}
        row["cpu_s"] = after.user + after.system - before.user - before.system
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()
