"""Definitions, and questions until each has its whole answer."""

from msgspec.structs import replace

from actors.asks import MOST_COMING_NS
from actors.link import Purpose
from actors.venue import AskAgain
from domain.venue_news import PositionsTold
from domain.venues import POSITIONS
from wire import messages as wire

from .venue_rig import CU, CU_MAP, MS, SYMBOL, Rig

# ------------------------------------------------------------------ definitions


def test_definition_that_differs_blocks_its_instrument_by_name():
    rig = Rig()
    rig.advance(20)
    rig.logon(instrument=CU_MAP | {"multiplier": "10"})
    rig.answer()
    assert rig.stage == "OPEN"
    assert "multiplier: gateway 10, configured 5" in rig.link.why_not(Purpose.OPEN, SYMBOL)
    assert rig.news()[-1].blocked[0][0] == SYMBOL
    assert rig.link.why_not(Purpose.CANCEL, SYMBOL) == ""
    assert rig.alerts[0].code == "INSTRUMENT"


def test_instrument_that_is_not_announced_is_blocked():
    rig = Rig()
    rig.advance(20)
    rig.logon(instrument=CU_MAP | {"symbol": "SHFE.al2609"})
    rig.answer()
    assert "not announced" in rig.link.why_not(Purpose.OPEN, SYMBOL)


# ------------------------------------------------------------------ asking again


def test_unanswered_question_is_asked_again_ever_more_slowly():
    rig = Rig()
    rig.advance(20)
    rig.logon()
    rig.sent(wire.MassStatusRequest)
    rig.advance(8000)
    asked = rig.sent(wire.MassStatusRequest)
    assert 2 <= len(asked) <= 4
    assert len({each.req_id for each in asked}) == len(asked)
    rig.put(wire.MassStatusEnd(asked[0].req_id, 0))
    assert rig.stage == "RECONCILED"


def told_again(rig, ms):
    """A part of the day every half second, for so long; how often it was asked for meanwhile."""
    for _ in range(ms // 500):
        rig.put(rig.report(exec_type="I", ord_status="2", cum_qty=2, leaves_qty=0))
        rig.advance(500)
    return len(rig.sent(wire.MassStatusRequest))


def test_day_that_is_still_being_told_is_not_asked_for_again():
    rig = Rig()
    rig.advance(20)
    rig.logon()
    (question,) = rig.sent(wire.MassStatusRequest)
    assert told_again(rig, 20_000) == 0
    rig.put(wire.MassStatusEnd(question.req_id, 40))
    assert rig.stage == "RECONCILED"


def test_day_without_an_end_is_asked_for_again_however_much_comes():
    rig = Rig()
    rig.advance(20)
    rig.logon()
    rig.sent(wire.MassStatusRequest)
    assert told_again(rig, MOST_COMING_NS // MS + 2000) == 1


def test_answer_without_its_end_is_no_answer():
    rig = Rig()
    rig.advance(20)
    rig.logon()
    (question,) = rig.sent(wire.PositionsRequest)
    row = rig.answer_to(question)
    rig.put(wire.PositionReport(*[getattr(row, name) for name in row.__struct_fields__[:-1]], False))
    rig.answer(wire.MassStatusRequest, wire.CollateralInquiry)
    assert rig.stage == "RECONCILED"
    assert not rig.news(PositionsTold)


def test_positions_older_than_a_booked_trade_are_ignored():
    rig = Rig()
    rig.advance(20)
    rig.logon()
    rig.answer(wire.MassStatusRequest, wire.CollateralInquiry)
    (question,) = rig.sent(wire.PositionsRequest)
    early = rig.answer_to(question)
    rig.put(rig.fill(), early)
    assert rig.stage == "RECONCILED"
    rig.advance(1100)
    rig.answer()
    assert rig.stage == "OPEN"


def test_positions_are_read_again_on_demand():
    rig = Rig().open()
    rig.runtime.tell("venue/SHFE", AskAgain(POSITIONS))
    rig.advance(0)
    rig.answer()
    assert len(rig.news(PositionsTold)) == 1
    assert rig.stage == "OPEN"


def test_refused_day_is_asked_again():
    rig = Rig()
    rig.advance(20)
    rig.logon()
    (question,) = rig.sent(wire.MassStatusRequest)
    rig.put(wire.BusinessReject("AF", question.req_id, 4, "session down"))
    rig.advance(1100)
    rig.answer()
    assert rig.stage == "OPEN"


def test_instrument_that_is_taken_in_is_subscribed_and_trades_once_its_gateway_has_announced_it():
    rig = Rig()
    rig.logon()
    rig.answer()
    told = [replace(CU, symbol=symbol) for symbol in ("SHFE.al2609", "SHFE.zn2609")]
    rig.put(wire.SecurityDefinition({**CU_MAP, "symbol": "SHFE.al2609"}, True))
    rig.advance(1)
    for each in told:
        rig.link.take_in(each)
        rig.link.take_in(each)  # once is enough
    assert rig.feed.topics == [b"SHFE.al2609\0", b"SHFE.zn2609\0"]
    assert [rig.link.why_not(Purpose.OPEN, each.symbol) for each in told] == ["", "INSTRUMENT: its gateway has not announced it"]
    rig.put(wire.SecurityDefinition({**CU_MAP, "symbol": "SHFE.zn2609", "tick_size": "20"}, True))
    rig.advance(1)
    assert "tick_size" in rig.link.why_not(Purpose.OPEN, "SHFE.zn2609")
    assert rig.link.margins.keys() == rig.link.instruments.keys() == rig.link.days.keys()
    rig.link.subscribe("SHFE.zn2609", rig.runtime.address("pair"))
    rig.link.unwatch("pair", ["SHFE.zn2609"])
    assert (rig.link.watchers, rig.link.feed._topics[b"SHFE.zn2609\0"].ports) == ((), ())
