"""Stages of a hedge's orders: what is stamped, what isn't, clocks that are off."""

from __future__ import annotations

import pytest

from config.glossary import GLOSSARY
from journal import stages as reasons
from journal.story import Entry, Story
from journal.timeline import timeline
from tools.output import width
from tools.timeline import MIN_COLUMNS
from tools.timeline_text import AT, NAME

WALL, MONO = 1_700_000_000_000_000_000, 5_000_000_000
H = "CU.a1.1"
US = 1_000


def entry(seq, at_us, kind, body, parent=0):
    return Entry(seq, parent, parent, 0, kind, WALL + at_us * US, MONO + at_us * US, float(at_us), 0.0, body)


def decision(seq, at_us, order="0h1", parent=0, facts=(), leg=None, decided_us=None, sent=None):
    """A decision that sends one order, made 10 us before it was on record."""
    cl_ord_id = f"{H}.{order}"
    at_ns = MONO + (at_us - 20 if decided_us is None else decided_us) * US
    submitted = {"type": "OrderSubmitted", "cl_ord_id": cl_ord_id, "leg": 0, "at_ns": at_ns}
    command = {"msg_type": "D", "venue": "SHFE", "clord_id": cl_ord_id, "symbol": "CU", "side": "1", "qty": 2}
    command["node_ns"] = WALL + (at_us - 10) * US
    saw = None if leg is None else {"legs": [leg]}
    return entry(seq, at_us, "decision", {"facts": [submitted, *facts], "commands": [command], "saw": saw, "sent": sent}, parent)


def quote(exch_us=-400, gw_us=-300, age_us=280, lag_us=100):
    lag_ns = None if lag_us is None else lag_us * US
    return {
        "symbol": "CU", "age_ns": age_us * US, "exch_ns": WALL + exch_us * US, "gw_ns": WALL + gw_us * US, "lag_ns": lag_ns,
    }  # fmt: skip


def report(seq, at_us, exec_type, exch_us=None, gw_us=None, order="0h1", parent=1, **more):
    message = {
        "msg_type": "8", "clord_id": f"{H}.{order}", "exec_type": exec_type, "cum_qty": 2 if exec_type == "F" else 0,
        "exch_ns": None if exch_us is None else WALL + exch_us * US, "gw_ns": WALL + gw_us * US, **more,
    }  # fmt: skip
    return entry(seq, at_us, "report", {"venue": "SHFE", "message": message}, parent)


def told(*entries):
    return timeline(Story(H, "CU", WALL, entries[-1].at_us, [], [], list(entries)))


def stages(order):
    return {each.stage: each.at_us for each in order.stages}


WHOLE = (
    decision(1, 0, leg=quote()),
    report(2, 300, "A", None, 200),
    report(3, 900, "0", 500, 800),
    report(4, 1_000, "F", 510, 950),
)


def after(seq, at_us, sent, facts=(), parent=0):
    """The next record of the actor: it tells that the frames of `sent[0]` had left by `sent[1]` us."""
    told_ns = None if sent is None else [sent[0], MONO + sent[1] * US]
    return entry(seq, at_us, "decision", {"facts": list(facts), "commands": [], "sent": told_ns}, parent)


def why(order):
    return {each.stage: each.why for each in order.stages if each.why}


def test_order_has_every_stage_that_is_stamped():
    (order,) = told(*WHOLE).orders
    assert stages(order) == {
        "exchange": -400, "gateway_in": -300, "received": -200, "decided": -20, "made": -10, "journaled": 0, "sent": None,
        "gateway_out": 200, "acknowledged_exchange": 500, "acknowledged_gateway": 800, "acknowledged": 900,
        "filled_exchange": 510, "filled_gateway": 950, "filled": 1_000,
    }  # fmt: skip
    assert (order.cum_qty, order.because, order.repair) == (2, 0, False)


def test_steps_are_counted_from_the_stage_before_that_is_its_cause():
    (order,) = told(*WHOLE).orders
    steps = {each.stage: each.step_us for each in order.stages}
    assert (steps["exchange"], steps["sent"], steps["gateway_out"]) == (None, None, 200)
    assert (steps["filled_exchange"], steps["filled_gateway"], steps["filled"]) == (10, 440, 50)


def test_older_record_without_a_lag_leaves_received_unknown():
    (order,) = told(decision(1, 0, leg=quote(lag_us=None))).orders
    assert stages(order)["received"] is None
    assert stages(order)["gateway_in"] == -300


def test_order_without_a_quote_on_record_invents_none():
    (order,) = told(decision(1, 0)).orders
    assert [stages(order)[name] for name in ("exchange", "gateway_in", "received", "gateway_out", "filled")] == [None] * 5


def test_repair_answers_its_report_and_ends_with_the_hedge():
    chosen = decision(5, 1_100, "1p1", parent=4, facts=[{"type": "RepairChosen", "choice": "replenish"}])
    ended = entry(6, 2_000, "decision", {"facts": [{"type": "HedgeEnded", "outcome": "DONE"}]}, 5)
    found = told(*WHOLE, chosen, ended)
    first, repair = found.orders
    assert (first.repair, repair.repair, repair.because) == (False, True, 4)
    assert [stages(repair)[name] for name in ("exchange", "gateway_in", "received")] == [510, 950, 1_000]
    assert (found.outcome, found.repaired_us) == ("DONE", 900)
    assert [(each.what, each.more) for each in found.milestones] == [("RepairChosen", "replenish"), ("HedgeEnded", "DONE")]


@pytest.mark.parametrize(
    ("entries", "wanted"),
    [
        ((decision(1, 0, leg=quote(gw_us=2_000)),), ("SHFE", "gateway", "ahead", 2_200.0)),
        ((decision(1, 0, leg=quote(exch_us=1_250_000)),), ("SHFE", "exchange", "ahead", 1_250_200.0)),
        ((decision(1, 0), report(2, 300, "A", None, -700)), ("SHFE", "gateway", "behind", 700.0)),
        ((decision(1, 0), report(2, 300, "0", -900, 200)), ("SHFE", "exchange", "behind", 900.0)),
    ],
)
def test_clock_that_is_off_is_named_and_no_step_is_told_from_it(entries, wanted):
    found = told(*entries)
    (clock,) = found.clocks
    assert (clock.venue, clock.clock, clock.off, clock.at_least_us) == wanted
    marked = [each for each in found.orders[0].stages if each.off]
    assert marked
    assert all(each.clock == wanted[1] and each.step_us is None for each in marked)


def test_clocks_within_reason_are_not_accused():
    assert told(*WHOLE).clocks == []


def test_node_whose_clock_was_set_meanwhile_says_so():
    late = report(2, 300, "A", None, 200)
    late.wall_ns += 5_000 * US
    (clock,) = [each for each in told(decision(1, 0), late).clocks if each.clock == "node"]
    assert (clock.venue, clock.off, clock.at_least_us) == ("", "stepped", 5_000.0)


def test_reports_sent_again_or_in_answer_to_a_question_have_no_time_of_their_own():
    again = report(2, 300, "F", 100, 200, poss_resend=True)
    (order,) = told(decision(1, 0), again, report(3, 400, "I", 100, 200)).orders
    assert (stages(order)["acknowledged"], stages(order)["filled"], order.cum_qty) == (None, None, 2)


def test_refusal_of_the_gateway_is_its_first_answer():
    body = {"venue": "SHFE", "message": {"msg_type": "j", "ref_id": f"{H}.0h1", "reason": 100}}
    (order,) = told(decision(1, 0), entry(2, 300, "report", body, 1)).orders
    assert (stages(order)["acknowledged"], stages(order)["gateway_out"], stages(order)["filled"]) == (300, None, None)


def test_sent_is_told_by_the_next_record_and_stands_between_record_and_gateway():
    (order,) = told(*WHOLE, after(5, 1_100, (1, 45))).orders
    steps = {each.stage: each.step_us for each in order.stages}
    assert (stages(order)["sent"], steps["sent"], steps["gateway_out"]) == (45, 45, 155)
    assert why(order) == {}


def test_frame_that_was_at_the_gateway_before_all_had_left_has_its_step_from_the_record():
    (order,) = told(*WHOLE, after(5, 1_100, (1, 230))).orders
    assert {each.stage: each.step_us for each in order.stages}["gateway_out"] == 200


def test_stamp_of_another_decision_is_not_this_ones():
    (order,) = told(*WHOLE, after(5, 1_100, (9, 45))).orders
    assert (stages(order)["sent"], why(order)) == (None, {"sent": reasons.NO_RECORD})


def test_order_that_never_left_says_so_though_others_of_its_decision_did():
    denied = {"type": "OrderDenied", "cl_ord_id": f"{H}.0h1"}
    (order,) = told(decision(1, 0, leg=quote()), after(2, 90, (1, 45), [denied])).orders
    assert stages(order)["sent"] is None
    assert {why(order)[name] for name in ("sent", "gateway_out", "acknowledged")} == {reasons.NEVER_LEFT}


def test_every_stage_without_a_stamp_has_its_own_reason():
    by_time = told(decision(1, 0)).orders[0]
    assert [why(by_time)[name] for name in ("exchange", "gateway_in", "received")] == [reasons.NO_CAUSE] * 3
    assert [why(by_time)[name] for name in ("gateway_out", "acknowledged")] == [reasons.NO_ANSWER] * 2
    untimed = told(decision(1, 0, leg={**quote(), "exch_ns": None})).orders[0]
    assert [why(untimed).get(name) for name in ("exchange", "gateway_in")] == [reasons.NO_TIME, None]
    answered = told(decision(1, 0, leg=quote()), report(3, 400, "0", None, 300)).orders[0]
    assert why(answered)["gateway_out"] == reasons.NO_PENDING
    assert why(answered)["acknowledged_exchange"] == reasons.NO_TIME
    assert why(answered)["filled"] == reasons.NO_FILL
    asked = told(decision(1, 0), report(2, 300, "F", 100, 200, poss_resend=True), report(3, 400, "I", 100, 200)).orders[0]
    assert (why(asked)["acknowledged"], why(asked)["filled"]) == (reasons.IN_ANSWER, reasons.IN_ANSWER)
    assert why(told(decision(1, 0, leg=quote(lag_us=None))).orders[0])["received"] == reasons.OLDER


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_reasons_fit_the_narrowest_screen(lang):
    told_why = {name: value for name, value in vars(reasons).items() if isinstance(value, str) and value in GLOSSARY and " " in value}
    assert len(told_why) == 9
    for reason in told_why.values():
        assert width(GLOSSARY[reason].zh if lang == "zh" else reason) <= MIN_COLUMNS - NAME - AT - 2
