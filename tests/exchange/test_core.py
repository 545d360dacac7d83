"""The core is the oracle: it must share nothing with the engine it judges."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TELLS = ("control", "lines", "quotes", "reports", "rows", "sessions")
AT_THE_EDGE = {"server": {"domain", "wire", "system"}, **{name: {"wire"} for name in TELLS}}
ENGINE = {path.name for path in ROOT.iterdir() if path.is_dir()} - {"exchange"}
BANNED = {"time", "threading", "socket", "pykka", "loguru", "msgpack"}


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("path", sorted((ROOT / "exchange").glob("*.py")), ids=lambda path: path.stem)
def test_module_imports_nothing_of_the_engine_but_at_the_edge(path):
    found = set(imported(path))
    assert found & ENGINE <= AT_THE_EDGE.get(path.stem, set())
    assert not found & BANNED
    assert "zmq" not in found or path.stem == "server"
