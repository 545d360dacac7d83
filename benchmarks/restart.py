"""R11: a start on a journal of a million records, to all actors running.

A journal as a desk writes it: each hedge its opening, its reports, what was
decided on them, its end. The node is the real one; its venues are not there,
so that what is measured is all its own work: reading, folding, opening the
journal, and the tree. With a snapshot as far behind as one ever is, and
without any.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import monotonic_ns, time_ns
from typing import Any

from actors.hedge_show import terms_map
from actors.snapshot_maker import EVERY_RECORDS
from actors.snapshots import NAME, make
from benchmarks.core import CONFIG
from config.load import load_checked
from config.pairspecs import pair_specs
from domain.hedges import HedgeEnded, HedgeOpened, HedgeStatus
from domain.legs import LegPlan
from domain.orders import OrderAccepted, OrderFilled, OrderPending, OrderSubmitted
from domain.pairs import PairReady
from journal.writer import Journal
from tools.node_build import ROOT, Node
from wire.codec import encode, pack
from wire.messages import ExecutionReport
from wire.records import encode_decision

GATE_S = 5.0
SAW = ("sell_open", 102.0, 98.0, 50.0, [1.0, 1.0], [])


class MachineClock:
    wall_ns = staticmethod(time_ns)
    mono_ns = staticmethod(monotonic_ns)


def measure(records: int) -> dict[str, Any]:
    """Seconds of each start, and what it read."""
    with tempfile.TemporaryDirectory(prefix="hgrestart") as folder:
        directory = Path(folder)
        file = directory / "bench.toml"
        file.write_text(CONFIG)
        config = load_checked([file])
        place = Path(config.node.dir) / "journal"
        place.parent.mkdir(mode=0o700, exist_ok=True)
        _write(place, config, records - EVERY_RECORDS, first=1)
        make(place)
        _write(place, config, EVERY_RECORDS, first=records | 1)
        with_snapshot = _start(config)
        (place / NAME).unlink()
        without = _start(config)
        return {
            "records": records,
            "restart_s": with_snapshot["s"],
            "read": with_snapshot["read"],
            "gate_s": GATE_S,
            "ok": with_snapshot["s"] <= GATE_S,
            "without_snapshot_s": without["s"],
            "read_without": without["read"],
        }


def _start(config: Any) -> dict[str, Any]:
    """A node from nothing to all its actors running."""
    began = monotonic_ns()
    node = Node(config, live=True)
    node.build()
    took = monotonic_ns() - began
    read = node.journal.recovered.last_seq - node.read_from + 1
    node.desk.stopping = True
    node.runtime.stop(ROOT)
    node.lane.run(lambda: not node.runtime.alive(ROOT))
    node.close("measured")
    return {"s": round(took / 1e9, 3), "read": read}


def _write(place: Path, config: Any, records: int, first: int) -> None:
    start = pack({"node": "bench", **terms_map(pair_specs(config, sends_orders=True))})
    journal = Journal(place, clock=MachineClock(), start=start, node="bench")
    count = journal.last_seq + records
    seq = first
    while journal.last_seq < count or seq % 2 == 0:  # flat again at the end
        seq += 1
        for kind, body, is_caused in _hedge(f"AxB.bench.{seq}", seq):
            journal.append(kind, body, journal.last_seq if is_caused else 0)
    journal.close()


def _hedge(hedge_id: str, number: int) -> Iterator[tuple[str, bytes, bool]]:
    """The records of one: it opens or closes, both legs fill."""
    at_ns, opens = monotonic_ns(), number % 2 == 0
    sides = (-1, 1) if opens else (1, -1)
    plans = tuple(LegPlan(i, "AB"[i], f"{'AB'[i]}.X", side, 1, 1, 1_050) for i, side in enumerate(sides))
    orders = tuple(
        OrderSubmitted(f"{hedge_id}.{p.index}h1", p.index, "h", p.side, 1, p.touch_px, "3", "N", at_ns) for p in plans
    )
    kind = "open" if opens else "close"
    event = "sell_open" if opens else "buy_close"
    fact = HedgeOpened(hedge_id, kind, sides[1], 1, plans, orders, 50.0, at_ns, event)
    frame = encode(_report(orders[0].cl_ord_id, number))
    yield "decision", encode_decision("AxB", "AxB", hedge_id, (fact,), [("A", frame), ("B", frame)], SAW), False
    for place, order in enumerate(orders):
        told = pack({"venue": "AB"[place], "epoch": 1, "frame": encode(_report(order.cl_ord_id, number))})
        ident = order.cl_ord_id
        yield "report", told, True
        yield "decision", encode_decision("AxB", "AxB", hedge_id, (OrderPending(ident), OrderAccepted(ident, "v"))), True
        yield "report", told, True
        facts: tuple = (OrderFilled(ident, 1, (f"d/{ident}", 1, 1_050)),)
        if place:
            facts = (*facts, HedgeEnded(HedgeStatus.DONE, 1, at_ns))
        yield "decision", encode_decision("AxB", "AxB", hedge_id, facts), True
    yield "decision", encode_decision("AxB", "AxB", None, (PairReady(at_ns),)), True


def _report(cl_ord_id: str, seq: int) -> ExecutionReport:
    values = {"seq": seq, "clord_id": cl_ord_id, "exec_type": "0", "ord_status": "0", "last_qty": 0, "cum_qty": 0}
    values |= {"leaves_qty": 1, "text": "", "gw_ns": 1, "poss_resend": False, "trading_day": "20261123", "origin": "O"}
    return ExecutionReport(**{name: values.get(name) for name in ExecutionReport.__struct_fields__})
