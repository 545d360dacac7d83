"""Many troubles at once: at the end the node is told the venue's truth."""

from __future__ import annotations

from random import Random

import pytest

from exchange.kinds import KINDS

CU = "SHFE.cu2703"
KINDS_OF_ORDERS = (
    "reject partial overfill lose_order lose_ack lose_report gap delay repeat reorder refuse_cancel swallow_cancel"
    " fill_in_cancel fill_after_cancel bust correct silent drop_session"
).split()
DRAWN = {"ms": (10, 200), "qty": (0, 2), "for_ms": (50, 400), "px": (8000, 8010), "times": (1, 2)}


def storm(street, rng, steps):
    """Orders, cancels and troubles; the ids of the orders."""
    sent = []
    for number in range(steps):
        if rng.random() < 0.5:
            kind = rng.choice(KINDS_OF_ORDERS)
            takes = ("ms", "qty", "px", "times") if kind in ("delay", "partial", "correct") else ()
            row = KINDS[kind]
            keys = [key for key in (*row.needs, *row.takes) if key in DRAWN and (key in takes or rng.random() < 0.5)]
            args = {key: rng.randint(*DRAWN[key]) for key in keys}
            street.trouble(kind, **args, **({"how": rng.choice(row.how)} if row.how and "next" not in row.how else {}))
        sent.append(f"o{number}")
        side, rest = rng.choice("12"), rng.random() < 0.4
        px = street.far("2" if side == "1" else "1") if rest else street.far(side)
        fields = {"symbol": CU, "side": side, "qty": rng.randint(1, 3), "px": px, "tif": "0" if rest else "3"}
        street.node.order(sent[-1], wait=False, not_after_ns=2**62, **fields)
        street.lap()
        if rest:
            street.node.cancel(f"c{number}", sent[-1])
        for _ in range(rng.randint(1, 3)):
            street.lap()
    return sent


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_af_tells_every_order_as_the_venue_has_it_after_a_storm(street, seed):
    sent = storm(street, Random(seed), 30)
    street.exchange.troubles.clear(street.server._clock.now())
    street.pass_ms(800)
    street.until(lambda: street.inner.account.session_up)
    street.node.got.clear()
    street.node.send("AF", "end", "day", None)
    street.node.until("AF")
    told = [street.kit.named(one) for one in street.node.got if one[0] == "8"]
    states = {one["clord_id"]: one for one in told if one["exec_type"] == "I"}
    traded = dict.fromkeys(sent, 0)
    trades = {(one["clord_id"], one["exec_type"], one["exec_id"]): one for one in told if one["exec_type"] in "FGH" and one["clord_id"]}
    now = {}
    for (clord_id, exec_type, exec_id), one in trades.items():
        now[clord_id, one["exec_ref"] or exec_id] = 0 if exec_type == "H" else one["last_qty"]
    for (clord_id, _), qty in now.items():
        traded[clord_id] += qty
    truth = {one.client_ref: one for one in street.exchange.orders("shanghai-1")}
    for clord_id in sent:
        order = street.inner.account.table.by_id.get(("n1", clord_id))
        if order is None:
            assert clord_id not in states  # denied: it never left
            continue
        real = truth.get(order.venue.venue_ref)
        state = states[clord_id]
        want = ("8", 0) if real is None else (real.status, real.cum_qty)
        assert (state["ord_status"], state["cum_qty"]) == want, clord_id
        assert traded[clord_id] == want[1], clord_id
        assert real is None or state["leaves_qty"] == real.leaves_qty
    assert not [fault for fault in street.inner.faults if fault.startswith("crash")]
