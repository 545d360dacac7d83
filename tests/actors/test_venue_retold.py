"""A venue tells its day again: what is on record is passed over, its numbers noted."""


import pytest
from msgspec.structs import replace

from actors.known import NOTE_NS, Known
from actors.reports import SeenFold
from domain.reports import OrderReport
from wire import messages as wire

from .venue_rig import MS, Rig

ANSWERS = (wire.PositionsRequest, wire.CollateralInquiry)


def ended(**changes):
    """A venue that was open, of whose one order all is on record; the day is asked for anew."""
    rig = Rig().open()
    rig.link.adopted = lambda _report: True
    rig.link.claim("o1", "pair")
    rig.put(rig.report(), rig.fill(ord_status="2", last_qty=2, cum_qty=2, leaves_qty=0, **changes))
    again(rig)
    return rig


def again(rig):
    """The link is lost and comes back; all but the day is answered."""
    rig.trade.cut = True
    rig.advance(200)
    rig.logon()
    rig.answer(*ANSWERS)
    (rig.question,) = rig.sent(wire.MassStatusRequest)
    rig.told.clear()


def day_of(rig, **changes):
    """What the day says of that order: its trade, its state."""
    trade = {"ord_status": "2", "last_qty": 2, "cum_qty": 2, "leaves_qty": 0, "poss_resend": True}
    state = {"exec_type": "I", "ord_status": "2", "cum_qty": 2, "leaves_qty": 0}
    return rig.fill(**(trade | changes.get("trade", {}))), rig.report(**(state | changes.get("state", {})))


def ends(rig):
    rig.put(wire.MassStatusEnd(rig.question.req_id, 1))


def reports(rig):
    return len(rig.journal.kinds("report"))


def test_what_is_on_record_is_passed_over_and_its_numbers_noted_before_the_day_counts():
    rig = ended()
    before = reports(rig)
    rig.put(*day_of(rig))
    ends(rig)
    assert rig.stage == "OPEN"
    assert (reports(rig), rig.news(OrderReport)) == (before, [])
    kinds = [kind for kind, _, _ in rig.journal.records]
    (noted,) = rig.journal.kinds("known")
    assert noted == {"venue": "SHFE", "epoch": 100, "count": 2, "runs": [[3, 4]]}
    assert kinds.index("known") < len(kinds) - 1 - kinds[::-1].index("venue")
    assert rig.link.sequence.seen == 4


@pytest.mark.parametrize(
    ("part", "change"),
    [
        *(("trade", each) for each in ({"last_qty": 1}, {"last_px": 8010}, {"exec_id": "t2"}, {"side": "2"}, {"fee": "1"})),
        *(("trade", each) for each in ({"trading_day": "20260106"}, {"exec_ref": "t0"}, {"offset": "C"}, {"origin": "L"})),
        *(("trade", each) for each in ({"exec_type": "H", "exec_ref": "t1"}, {"cum_qty": 1}, {"ord_status": "1"}, {"leaves_qty": 1})),
        *(("state", each) for each in ({"cum_qty": 1}, {"ord_status": "4"}, {"leaves_qty": 1}, {"text": "late"})),
        *(("state", each) for each in ({"reason": 99}, {"order_id": "v1"}, {"symbol": None}, {"exec_type": "2"})),
    ],
)
def test_what_differs_in_the_least_is_on_record_as_ever(part, change):
    rig = ended()
    before = reports(rig)
    rig.put(*day_of(rig, **{part: change}))
    ends(rig)
    told = {key: getattr(rig.news(OrderReport)[0], key, None) for key in change}
    assert told == change
    assert reports(rig) > before


def test_state_that_was_left_since_is_on_record_again():
    rig = ended()
    rig.put(rig.report(exec_type="4", ord_status="4", cum_qty=2, leaves_qty=0), day_of(rig)[1])
    assert [each.ord_status for each in rig.news(OrderReport)] == ["4", "2"]


def test_trade_is_known_with_the_state_of_its_time_and_with_the_last_one():
    rig = Rig().open()
    rig.link.adopted = lambda _report: True
    rig.link.claim("o1", "pair")
    first, last = rig.fill(), rig.fill(exec_id="t2", ord_status="2", cum_qty=2, leaves_qty=0)
    rig.put(rig.report(), first, last)
    again(rig)
    then = rig.fill(poss_resend=True)
    now = rig.fill(poss_resend=True, ord_status="2", cum_qty=2, leaves_qty=0)
    rig.put(then, now)
    assert rig.news(OrderReport) == []


def test_what_somebody_would_act_upon_is_on_record_again():
    rig = ended()
    asked = []
    rig.link.adopted = asked.append
    rig.put(*day_of(rig))
    assert [each.exec_type for each in asked] == ["F", "I"]
    assert [each.exec_type for each in rig.news(OrderReport)] == ["F", "I"]


def test_same_words_that_no_day_tells_are_on_record_as_ever():
    rig = ended()
    rig.put(*day_of(rig))
    ends(rig)
    rig.put(*day_of(rig))
    assert [each.exec_type for each in rig.news(OrderReport)] == ["F", "I"]


def test_same_words_as_news_are_on_record_as_ever():
    rig = ended()
    rig.put(*day_of(rig, trade={"poss_resend": False}))
    assert [each.exec_type for each in rig.news(OrderReport)] == ["F"]


def test_report_that_could_not_be_recorded_is_not_known():
    rig = Rig().open()
    rig.link.adopted = lambda _report: True
    rig.journal.broken = True
    rig.put(rig.report(), rig.fill(ord_status="2", last_qty=2, cum_qty=2, leaves_qty=0))
    rig.journal.broken = False
    again(rig)
    before = reports(rig)
    rig.put(*day_of(rig))
    assert reports(rig) == before + 2


def test_trades_of_others_are_known_too():
    rig = ended()
    other = rig.fill(None, exec_id="x1", order_id="x1", origin="N", poss_resend=True)
    rig.put(other, replace(other, seq=other.seq + 1, gw_ns=5))
    assert len(rig.strays) == 1


def test_numbers_are_on_record_a_second_later_at_the_latest():
    rig = ended()
    rig.put(*day_of(rig))
    assert rig.journal.kinds("known") == []
    rig.advance(NOTE_NS // MS + 40)
    assert [each["runs"] for each in rig.journal.kinds("known")] == [[[3, 4]]]


@pytest.mark.parametrize("how", ["cut", "session", "stop", "epoch"])
def test_numbers_are_on_record_before_the_link_is_another(how):
    rig = ended()
    rig.put(*day_of(rig))
    if how == "cut":
        rig.trade.cut = True
        rig.advance(20)
    elif how == "session":
        rig.heartbeat(session_up=False)
    elif how == "stop":
        rig.runtime.stop("venue/SHFE")
        rig.dispatcher.run_idle()
    else:
        rig.epoch, rig.seq = 200, 0
        rig.logon()
    assert [(each["epoch"], each["runs"]) for each in rig.journal.kinds("known")] == [(100, [[3, 4]])]


def test_numbers_passed_over_are_read_back_from_the_record():
    rig = ended()
    trade, state = day_of(rig)
    rig.put(trade, rig.report("o2"), replace(state, seq=6), state)
    ends(rig)
    fold = SeenFold()
    for kind, _, body in rig.journal.records:
        if kind == "report":
            fold.take(body)
        elif kind == "known":
            fold.pass_over(body)
    assert fold.seen("SHFE").seq == rig.link.sequence.seen
    rig.link.known.settle()
    known = fold.known("SHFE")
    assert (known.day, known.day_before) == (rig.link.known.day, rig.link.known.day_before)


def test_two_days_are_known_and_no_more():
    rig = ended()
    trade, state = day_of(rig)
    known = rig.link.known
    known.new_day()
    assert known.has(trade)
    assert known.has(state)
    known.new_day()
    assert not known.has(trade)
    assert not known.has(state)


def test_what_is_known_of_a_day_is_bounded(monkeypatch):
    monkeypatch.setattr("actors.known.MAX_ORDERS", 10)
    monkeypatch.setattr("actors.known.MAX_TRADES", 40)
    rig, known = Rig(), Known()
    known.fresh += [rig.fill(f"o{n}", exec_id=f"t{n}") for n in range(50)]
    known.settle()
    assert len(known.day.orders) == 10
    assert len(known.day.trades) == 40
    assert known.has(rig.fill("o49", exec_id="t49"))


@pytest.mark.parametrize(("seq", "is_again"), [(4, True), (9, True), (11, False)])
def test_a_number_that_has_come_before_is_something_sent_again_whatever_it_says_of_itself(seq, is_again):
    """A gateway may send its whole log again as it stands: a count of then, from before a bust, is no news."""
    rig = Rig().open()
    rig.link.claim("o1", "pair")
    rig.link.sequence.restart(100, 10)  # as after a start: numbers known, their content no more
    rig.put(rig.report(seq=seq, exec_type="0", ord_status="0", cum_qty=2, leaves_qty=0))
    (told,) = rig.news(OrderReport)
    assert (told.poss_resend, told.cum_qty) == (is_again, 2)
