"""A process with one planted bug in it: runs seeds, or a scenario's tests.

Started by `sim plants`, with a JSON object as its argument; answers with one
JSON line. The bug is put in before anything is imported that may hold it.
"""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from simulation.plants import ROOT, every
from simulation.plants.hook import install

SCENARIOS = Path("tests", "scenarios")


def main() -> None:
    """Runs what the argument asks for."""
    asked = json.loads(sys.argv[1])
    if asked["plant"]:
        install(every()[asked["plant"]])
    found = _scenario(asked["scenario"]) if "scenario" in asked else _seeds(asked)
    sys.stdout.write(json.dumps(found) + "\n")


def _seeds(asked: dict[str, Any]) -> dict[str, Any]:
    """Seed after seed until one breaks an invariant, or none is left."""
    for number, seed in enumerate(range(asked["first"], asked["first"] + asked["seeds"]), 1):
        caught = _seed(seed)
        if caught is not None:
            return {"seeds": number, "seed": seed, "by": caught[0], "what": caught[1][:200]}
    return {"seeds": asked["seeds"], "seed": None, "by": "", "what": ""}


def _seed(seed: int) -> tuple[str, str] | None:
    from simulation.run import run
    from tools.node_build import Node

    try:
        result = run(seed, Node)
    except Exception as error:  # a bug may break the run itself: caught, too
        return type(error).__name__, str(error)
    return None if result.ok else result.violations[0][1:]


def _scenario(ident: str) -> dict[str, Any]:
    """Whether a test of that scenario fails, and which."""
    import pytest

    os.chdir(ROOT)
    seen = _Seen()
    arguments = [str(SCENARIOS), "-q", "-x", "-k", f"test_{ident.lower()}_", "-p", "no:cacheprovider", "-o", "addopts=--import-mode=importlib"]
    with redirect_stdout(io.StringIO()):
        code = pytest.main(arguments, plugins=[seen])
    return {"failed": seen.failed, "passed": seen.passed, "code": int(code)}


class _Seen:
    """A pytest plugin that counts."""

    def __init__(self) -> None:
        self.failed = ""
        self.passed = 0

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Set-up, call and end of each test."""
        if report.failed and not self.failed:
            self.failed = report.nodeid.rpartition("::")[2]
        self.passed += report.when == "call" and report.passed
