"""Orders and cancels by the protocol page: what leaves, what is denied and why."""

from __future__ import annotations

import pytest

from gateways.adapter import CancelRefused, Refused

GOLD = "SHFE.au2612"
BTC = "X.BTC"


def test_order_is_pending_new_at_once_when_handed_to_the_venue(stage):
    node = stage.node()
    sent = node.order(wait=False)
    report = node.until("8")
    assert (report["clord_id"], report["exec_type"], report["ord_status"]) == (sent, "A", "A")
    assert (report["seq"], report["cum_qty"], report["leaves_qty"], report["last_qty"]) == (1, 0, 5, 0)
    assert (report["last_px"], report["exec_id"], report["origin"], report["poss_resend"]) == (None, None, "O", False)


def test_order_and_its_venue_ref_are_on_disk_before_it_leaves(stage):
    node = stage.node()
    seen = []
    submit = stage.venue.submit

    def looking(order):
        data = b"".join(path.read_bytes() for path in stage.gateway.store.directory.glob("*.orders"))
        seen.append(order.venue_ref.encode() in data and b"n1-1" in data)
        return submit(order)

    stage.venue.submit = looking
    node.order()
    assert seen == [True]


REJECTED = [
    ({"symbol": "SHFE.zz"}, 101),
    ({"side": "3"}, 5),
    ({"hedge_flag": "Z"}, 5),
    ({"offset": "C"}, 102),
    ({"offset": "N"}, 102),
    ({"offset": "O", "symbol": BTC}, 102),
    ({"offset": "T", "symbol": BTC}, 102),
    ({"tif": "1"}, 102),
    ({"tif": "4", "symbol": BTC, "offset": "N"}, 102),
    ({"qty": 0}, 102),
    ({"qty": -1}, 102),
    ({"qty": 501}, 102),
    ({"px": None}, 3),
    ({"not_after_ns": 5}, 100),
    ({"node_epoch": 6}, 6),
]


@pytest.mark.parametrize(("change", "reason"), REJECTED, ids=str)
def test_order_is_denied_when_a_field_is_wrong(stage, change, reason):
    node = stage.node()
    sent = node.order(wait=False, **change)
    denied = node.until("j")
    assert (denied["ref_type"], denied["ref_id"], denied["reason"]) == ("D", sent, reason)
    assert stage.venue.submitted == []


def test_market_order_leaves_when_the_definition_allows_it(stage):
    node = stage.node()
    assert node.order(symbol=BTC, offset="N", px=None).px is None


def test_order_is_denied_when_the_session_is_down_or_the_adapter_refuses(stage):
    node = stage.node()
    stage.venue.refuse = Refused(8, "queue full")
    node.order("a", wait=False)
    assert node.until("j", ref_id="a")["reason"] == 8
    stage.venue.refuse = None
    stage.venue.say("on_session", False)
    stage.run()
    node.order("b", wait=False)
    assert node.until("j", ref_id="b")["reason"] == 4
    node.send("H", "r1", "a")
    assert node.until("8", clord_id="a")["reason"] == 5


def test_denied_id_stays_denied_when_it_comes_again(stage):
    node = stage.node()
    node.order("a", wait=False, not_after_ns=5)
    node.until("j", ref_id="a")
    node.order("a", wait=False)
    assert node.until("j", ref_id="a")["reason"] == 100
    assert stage.venue.submitted == []


def test_orders_are_throttled_when_over_the_capability(stages):
    stage = stages(max_orders_per_s=2)
    node = stage.node()
    node.order()
    node.order()
    third = node.order(wait=False)
    assert node.until("j", ref_id=third)["reason"] == 8
    stage.clock.pass_ms(1001)
    node.order()


def test_known_id_places_nothing_when_it_comes_again(stage):
    node = stage.node()
    venue_order = node.order("a")
    stage.venue.state(venue_order, "0")
    node.until("8", exec_type="0")
    node.order("a", wait=False)
    again = node.until("8", clord_id="a")
    assert (again["exec_type"], again["ord_status"], again["leaves_qty"]) == ("I", "0", 5)
    assert len(stage.venue.submitted) == 1


def test_cancel_is_handed_on_when_the_order_works(stage):
    node = stage.node()
    order = node.order("a")
    node.cancel("x1", "a")
    node.heard()
    (handed, ref) = stage.venue.cancels[0]
    assert handed.venue_ref == order.venue_ref
    stage.venue.say(
        "on_cancel_refused",
        CancelRefused(cancel_ref=ref, venue_ref=order.venue_ref, order_id="", reason=99, text="26 already traded"),
    )
    refused = node.until("9")
    assert (refused["cxl_id"], refused["orig_clord_id"], refused["reason"], refused["seq"]) == ("x1", "a", 99, 2)


def test_cancel_is_refused_when_the_order_ended_or_is_unknown(stage):
    node = stage.node()
    stage.venue.state(node.order("a"), "4")
    node.until("8", exec_type="4")
    node.cancel("x1", "a")
    ended = node.until("9", cxl_id="x1")
    assert (ended["ord_status"], ended["reason"]) == ("4", 0)
    node.cancel("x2", "zz")
    unknown = node.until("9", cxl_id="x2")
    assert (unknown["ord_status"], unknown["reason"]) == ("8", 1)
    node.cancel("x3", "a", node_epoch=6)
    assert node.until("j", ref_id="x3")["reason"] == 6


def test_mass_cancel_keeps_to_its_scope_and_symbol(stage):
    node, other = stage.node("n1"), stage.node("n2")
    node.order("a")
    node.order("b", symbol=BTC, offset="N")
    other.order("c")
    outside = type(stage.venue.submitted[0])("", GOLD, "2", 1, 99, "0", "O")
    stage.venue.state(outside, "0", order_id="z1")
    node.send("q", "r1", GOLD, "own", 7)
    node.until("r", req_id="r1")
    assert len(stage.venue.cancels) == 1
    node.send("q", "r2", None, "all", 7)
    node.until("r", req_id="r2")
    assert {order.order_id for order, _ in stage.venue.cancels[1:]} == {"", "z1"}
    assert len(stage.venue.cancels) == 5
    node.send("q", "r3", None, "some", 7)
    assert node.until("j", ref_id="r3")["reason"] == 5
    node.send("q", "r4", None, "own", 6)
    assert node.until("j", ref_id="r4")["reason"] == 6
