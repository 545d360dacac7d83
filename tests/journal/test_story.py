"""A hedge's story: which records are its own, and how they hang together."""

from __future__ import annotations

import pytest

from domain.hedges import HedgeEnded, HedgeOpened, HedgeStatus
from domain.legs import LegPlan
from domain.orders import OrderFilled, OrderSubmitted
from journal.readable import readable
from journal.reader import read
from journal.story import NotOnRecord, last_hedge, tell
from wire.codec import encode, pack
from wire.messages import Cancel, CancelReject, ExecutionReport, NewOrder
from wire.records import encode_decision

H1, H2 = "CU.a1.1", "CU.a1.2"


def new_order(cl_ord_id, symbol="CU", side="1"):
    return encode(NewOrder(cl_ord_id, symbol, side, 2, 70_010, "3", "O", 7, 1, 2))


def fill(cl_ord_id, seq, gw_ns=0, exec_type="F"):
    return encode(
        ExecutionReport(
            seq,
            cl_ord_id,
            "x1",
            f"e{seq}",
            exec_type,
            "2",
            "CU",
            "1",
            2,
            70_010,
            2,
            0,
            None,
            "",
            5,
            gw_ns,
            False,
            None,
            "20240101",
            "O",
        )
    )


def opened(hedge, first):
    submitted = tuple(
        OrderSubmitted(f"{hedge}.{leg}h1", leg, "h", 1 - 2 * leg, 2, 70_010, "3", "O", 9) for leg in (0, 1)
    )
    plans = tuple(LegPlan(leg, ("SHFE", "COMEX")[leg], "CU", 1 - 2 * leg, 1, 2, 70_010) for leg in (0, 1))
    fact = HedgeOpened(hedge, "open", 1, 1, plans, submitted, 0.5, 9, "touch")
    frames = tuple((plan.venue, new_order(order.cl_ord_id)) for plan, order in zip(plans, submitted, strict=True))
    return encode_decision("pair/CU", "CU", hedge, (fact,), frames, ("buy_open", 12.5, 11.5, float("nan"), [1.0, 7.1], []))


@pytest.fixture
def traded(open_journal):
    """Two hedges, one after the other, their reports among each other."""
    journal = open_journal(start=pack({"node": "n1"}))

    def report(cl_ord_id, seq):
        gw_ns = 1_700_000_000_000_500_000
        return journal.append("report", pack({"venue": "SHFE", "epoch": 1, "frame": fill(cl_ord_id, seq, gw_ns)}))

    def decision(hedge, facts, cause, frames=()):
        return journal.append("decision", encode_decision("pair/CU", "CU", hedge, facts, frames), cause)

    journal.append("decision", opened(H1, 1))  # 2
    first = report(f"{H1}.0h1", 1)  # 3
    decision(H1, (OrderFilled(f"{H1}.0h1", 2, None),), first)  # 4
    journal.append("decision", opened(H2, 2))  # 5
    cancel = encode(Cancel("cx9", f"{H1}.1h1", 7, 1))
    decision(H1, (), 4, (("COMEX", cancel),))  # 6
    reject = encode(CancelReject(2, "cx9", f"{H1}.1h1", "2", 1, "too late", 5))
    journal.append("report", pack({"venue": "COMEX", "epoch": 1, "frame": reject}))  # 7
    late = report(f"{H1}.1h1", 3)  # 8
    decision(H1, (HedgeEnded(HedgeStatus.DONE, 1, 10),), late)  # 9
    report(f"{H2}.0h1", 4)  # 10
    journal.append("alert", pack({"hedge": H1, "text": "slow"}), 9)  # 11
    journal.append("decision", opened(H2 + "1", 9))  # 12: an id that begins as another does
    return journal


def test_story_holds_the_hedges_records_and_no_others(traded):
    story = tell(traded.directory, H1)
    assert [each.seq for each in story.entries] == [2, 3, 4, 6, 7, 8, 9, 11]
    assert story.pair == "CU"


def test_reports_stand_under_the_decision_that_sent_their_order(traded):
    story = tell(traded.directory, H1)
    assert {each.seq: each.parent for each in story.entries} == {2: 0, 3: 2, 4: 3, 6: 4, 7: 6, 8: 2, 9: 8, 11: 9}
    assert [each.depth for each in story.entries] == [0, 1, 2, 3, 4, 1, 2, 3]
    assert story.orphans == []


def test_decision_without_a_cause_in_mid_hedge_is_named_an_orphan(open_journal):
    journal = open_journal()
    journal.append("decision", opened(H1, 1))
    journal.append("decision", encode_decision("pair/CU", "CU", H1, ()))
    assert tell(journal.directory, H1).orphans == [2]


def test_cause_outside_of_the_hedge_is_shown_too(open_journal):
    journal = open_journal()
    operator = journal.append("operator", pack({"operator": "li", "verb": "open"}))
    journal.append("decision", opened(H1, 1), operator)
    story = tell(journal.directory, H1)
    assert [(each.seq, each.kind, each.parent) for each in story.entries] == [(1, "operator", 0), (2, "decision", 1)]
    assert story.orphans == []


def test_times_are_counted_from_the_first_decision(traded):
    story = tell(traded.directory, H1)
    assert [each.at_us for each in story.entries[:3]] == [0.0, 2.0, 4.0]
    assert story.duration_us == story.entries[-1].at_us == 18.0


def test_orders_tell_what_became_of_them(traded):
    first, second = tell(traded.directory, H1).orders
    assert (first.cl_ord_id, first.venue, first.cum_qty, first.ord_status) == (f"{H1}.0h1", "SHFE", 2, "2")
    assert first.first_report_us == first.last_report_us == 2.0
    assert second.first_report_us == 12.0
    assert first.gateway_us > 0


def test_facts_and_commands_are_read_with_their_names(traded):
    body = tell(traded.directory, H1).entries[0].body
    fact = body["facts"][0]
    assert (fact["type"], fact["direction"], fact["legs"][1]["venue"]) == ("HedgeOpened", 1, "COMEX")
    assert fact["orders"][0]["cl_ord_id"] == f"{H1}.0h1"
    command = body["commands"][0]
    assert (command["type"], command["venue"], command["px"]) == ("NewOrder", "SHFE", 70_010)


def test_last_hedge_is_the_one_that_opened_last(traded):
    assert last_hedge(traded.directory) == H2 + "1"


def test_unknown_hedge_is_told_clearly(traded):
    with pytest.raises(NotOnRecord, match=r"no hedge 'CU\.zz\.1' is on record"):
        tell(traded.directory, "CU.zz.1")


def test_journal_without_a_hedge_is_told_clearly(open_journal):
    with pytest.raises(NotOnRecord, match="no hedge is on record yet"):
        last_hedge(open_journal(start=b"\x80").directory)


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b"\xc1", {"raw": b"\xc1"}),
        (pack([1, 2]), {"raw": [1, 2]}),
        (pack({"facts": [["Unheard", 1]], "hedge": H1}), {"facts": [{"type": "Unheard", "field1": 1}], "hedge": H1}),
        (pack({"commands": [["V", b"\xc1"]]}), {"commands": [{"venue": "V", "type": "?", "frame": b"\xc1"}]}),
    ],
)
def test_bodies_of_other_versions_are_shown_by_position(open_journal, body, wanted):
    journal = open_journal()
    journal.append("decision", body)
    found = readable(next(iter(read(journal.directory))))
    found.pop("unreadable", None)
    for command in found.get("commands", ()):
        command.pop("unreadable", None)
    assert found == wanted
