"""Hedges and orders by a person's word: gates, records, what follows."""

import pytest

from journal.reader import read
from tests.whole.hot import SIGNED, words
from wire.codec import unpack
from wire.inspection import Unanswerable


def say(world, verb, **args):
    return words(world).table()[verb]({**SIGNED, **args})


def would(world, verb, **args):
    return say(world, verb, dry_run=True, **args)["does"]


def test_hedge_is_opened_and_closed_whatever_the_spread_and_on_record(world):
    shown = would(world, "hedge_open", pair="AxB", side="sell")
    assert shown[1:] == ["A A.X: sell 1 at 1027 or better, N", "B B.X: buy 1 at 1003 or better, N"]
    assert world.pair.hedge_count == 0
    told = say(world, "hedge_open", pair="AxB", side="sell")
    assert (told["units"], world.pair.hedge.trigger) == (1, "by hand")
    assert world.ends().status == "DONE"
    world.until(lambda: world.pair.status == "HOLDING", "it holds")
    assert world.net == (-1, 1)
    told = say(world, "hedge_close", pair="AxB")
    assert told["left"] == 0
    assert world.ends().status == "DONE"
    assert world.net == (0, 0)
    records = [unpack(r.body) for r in read(world.node_dir / "journal") if r.kind == "operator"]
    assert [(r["verb"], r["operator"], r["hedge"] != "") for r in records] == [("hedge open", "ann", True), ("hedge close", "ann", True)]
    causes = [r.cause for r in read(world.node_dir / "journal") if r.kind == "decision" and b"HedgeOpened" in r.body]
    assert all(causes)


def test_hedge_by_hand_is_repaired_like_any_other(world, foreign):
    world.b.script.append(foreign.reject())
    say(world, "hedge_open", pair="AxB", side="sell")
    assert world.ends().naked == (0, 0)


def test_position_is_closed_by_hand_while_its_pair_is_disabled_not_while_it_is_halted(world):
    world.holds()
    say(world, "pair_disable", pair="AxB")
    for act in (say, would):  # a dry run is refused as the word would be
        with pytest.raises(Unanswerable, match=r"SUSPENDED pair: PAUSED: ./hedgerow pair enable AxB ends that"):
            act(world, "hedge_open", pair="AxB", side="sell")
    words(world).mode({**SIGNED, "mode": "halted", "scope": "all"})
    with pytest.raises(Unanswerable, match="HALTED"):
        say(world, "hedge_close", pair="AxB")
    words(world).mode({**SIGNED, "mode": "active", "scope": "all"})
    say(world, "hedge_close", pair="AxB")
    assert world.ends().status == "DONE"
    assert world.net == (0, 0)


@pytest.mark.parametrize(
    ("verb", "args", "why"),
    [
        ("hedge_open", {"pair": "no", "side": "buy"}, "no pair 'no'"),
        ("hedge_open", {"pair": "AxB", "side": "up"}, "allowed: buy, sell"),
        ("hedge_open", {"pair": "AxB", "side": "buy", "units": -1}, "allowed: 0 to"),
        ("hedge_close", {"pair": "AxB"}, "no unit to close"),
        ("position_unlock", {"pair": "AxB"}, "no leg of it has close"),
        ("hedge_rollback", {"hedge": "AxB.1.1"}, "not in flight"),
        ("hedge_rollback", {"hedge": "x"}, "no hedge 'x'"),
        ("order_cancel", {"order": "AxB.1.1.0h1"}, "no order"),
        ("order_cancel", {"order": "zzz"}, "no order 'zzz'"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(world, verb, args, why):
    with pytest.raises(Unanswerable, match=why):
        say(world, verb, **args)
    assert world.pair.hedge_count == 0


def test_gates_hold_for_a_hand_too(world):
    world.a.quote(None, 1_031)
    world.told()
    with pytest.raises(Unanswerable, match="LIQUIDITY"):
        say(world, "hedge_open", pair="AxB", side="sell")
    world.a.quote(1_029, 1_031)
    world.told()
    with pytest.raises(Unanswerable, match=r"RISK|STAGE_LIMIT"):
        for _ in range(2):
            say(world, "hedge_open", pair="AxB", side="sell", units=2)
            world.ends()
            world.until(lambda: world.pair.status in ("HOLDING", "IDLE"), "ready")
    say(world, "hedge_close", pair="AxB")
    world.ends()


def test_hedge_is_taken_back_at_a_word_and_the_pair_goes_on(make_world, foreign):
    world = make_world(policy="replenish_first", hedge_deadline_ms=30_000, ack_timeout_ms=5_000, naked_budget_ms=8_000, repair_order_ms=2_000, query_ladder_ms=[5_000, 6_000])
    world.opens(b=foreign.hold_new)
    world.until(lambda: world.a.net == -1, "one leg is filled")
    hedge = world.pair.hedge.hedge_id
    assert "reversed" in would(world, "hedge_rollback", hedge=hedge)[0]
    say(world, "hedge_rollback", hedge=hedge)
    assert world.node.desk.holds["AxB"].why == f"ROLLBACK {hedge}"
    world.b.cancel(world.b.working[0])  # an immediate order ends by itself
    ended = world.ends(seconds=8)
    assert (ended.status, ended.repairs, world.net) == ("NONE", ("rollback",), (0, 0))
    assert world.node.desk.holds == {}
    for act in (say, would):
        with pytest.raises(Unanswerable, match="not in flight: it has ended, NONE"):
            act(world, "hedge_rollback", hedge=hedge)
    world.until(lambda: world.pair.status == "COOLDOWN", "cools")


def test_close_is_not_taken_back(make_world, foreign):
    world = make_world(hedge_deadline_ms=30_000, ack_timeout_ms=5_000, naked_budget_ms=8_000, repair_order_ms=2_000, query_ladder_ms=[5_000, 6_000])
    world.holds()
    world.closes(b=foreign.hold_new)
    with pytest.raises(Unanswerable, match="never taken back"):
        say(world, "hedge_rollback", hedge=world.pair.hedge.hedge_id)
    world.b.trade_of(world.b.working[0], 1)
    world.ends()


def test_one_order_is_listed_and_cancelled_and_its_hedge_is_repaired(make_world, foreign):
    world = make_world(hedge_deadline_ms=30_000, ack_timeout_ms=5_000, naked_budget_ms=8_000, repair_order_ms=2_000, query_ladder_ms=[5_000, 6_000])
    world.opens(b=foreign.hold_new)
    world.until(lambda: world.a.net == -1, "one leg is filled")
    world.until(lambda: [row["status"] for row in orders(world)] == ["NEW"], "one order is left")
    (row,) = orders(world)
    assert (row["pair"], row["venue"], row["side"], row["status"], row["leaves_qty"]) == ("AxB", "B", "buy", "NEW", 1)
    assert "repaired by the pair's rules" in would(world, "order_cancel", order=row["order"])[0]
    told = say(world, "order_cancel", order=row["order"])
    assert told["hedge"] == row["hedge"]
    assert world.ends().naked == (0, 0)
    with pytest.raises(Unanswerable, match="nothing to cancel"):
        say(world, "order_cancel", order=row["order"])
    assert {each["status"] for each in orders(world, every=True)} >= {"CANCELED", "FILLED"}


def orders(world, **args):
    from tools.node_answers import Looks

    return Looks(world.node, None).orders(args)["rows"]
