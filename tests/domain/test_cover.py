"""Covers of exposures held elsewhere: what is wanted, and what a hedge makes of it."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain import advance, cover, orders, pairs
from domain.advance import HedgeRules
from domain.books import LegBook
from domain.cover import CoverSpec, aimed, event_of
from domain.exposures import Exposure, ExposureTold, ExposureWaits
from domain.hedges import COVER, HedgeAimed, HedgeEnded, HedgeSettling, HedgeStatus, HedgeStranded, opened
from domain.mandates import MandateGiven
from domain.orders import OrderExpired, OrderRejected
from domain.repair import GO_BACK, Policy
from domain.units import NS_PER_S
from tests.domain.making import MS, Market, adopted, opening

H = HedgeStatus
COPPER = CoverSpec(per_lot=Fraction(5), unit="t")
FLAT = pairs.new("cu", (1,))


def told(qty, version=1, **changes):
    return Exposure(version, qty, 0, **changes)


def covering(qty, held=0):
    status = pairs.P.HOLDING if held else pairs.P.IDLE
    return replace(FLAT, exposure=told(qty), books=(LegBook(held),), status=status)


@pytest.mark.parametrize(
    ("qty", "held", "spec", "event", "lots"),
    [
        ("-103", 0, {}, "buy_open", 20),  # 100 t are 20 lots, 3 t stay on the ledger
        ("103", 0, {}, "sell_open", 20),
        ("-104.999", 20, {}, "", 0),
        ("-105", 20, {}, "buy_open", 1),
        ("-90", 20, {}, "sell_close", 2),
        ("40", 20, {}, "sell_close", 20),  # what is held the wrong way goes first
        ("-103", 0, {"ratio": Fraction(1, 2)}, "buy_open", 10),
        ("-103", 20, {"band": Fraction(3)}, "", 0),
        ("-103.1", 20, {"band": Fraction(3)}, "buy_open", 1),
        ("0", 0, {}, "", 0),
        ("0", -3, {}, "buy_close", 3),
    ],
)
def test_goal_is_the_exposure_turned_round_in_whole_lots(qty, held, spec, event, lots):
    assert event_of(covering(qty, held), replace(COPPER, **spec)) == (event, lots)


def test_nothing_is_due_before_an_exposure_is_told():
    assert event_of(FLAT, COPPER) == ("", 0)
    assert cover.why_not(FLAT, COPPER, 0) == "NO_EXPOSURE"


def test_an_old_exposure_holds_what_is_held():
    spec = replace(COPPER, max_age_ns=NS_PER_S)
    assert cover.why_not(covering("5"), spec, NS_PER_S) == ""
    assert cover.why_not(covering("5"), spec, NS_PER_S + 1) == "EXPOSURE_STALE"
    assert cover.why_not(covering("5"), COPPER, 10**18) == ""


@pytest.mark.parametrize(
    ("qty", "version", "changes", "found"),
    [
        ("-20", 2, {}, ExposureTold),
        ("-20", 1, {}, "version 1 is not newer than 1"),
        ("-20", 0, {}, "version 0 is not newer"),
        ("-20", 2, {"unit": "lb"}, "unit is lb, this pair covers t"),
        ("-20", 2, {"unit": "t", "book": "any"}, ExposureTold),
        ("-60", 2, {}, ExposureTold),
        ("-60.01", 2, {}, ExposureWaits),
        ("40.01", 2, {}, ExposureWaits),
    ],
)
def test_a_record_is_newer_of_the_right_kind_and_near_or_waits(qty, version, changes, found):
    spec = replace(COPPER, max_step=Fraction(50))
    decided = cover.decide(covering("-10"), told(qty, version, **changes), spec, 0)
    assert found in decided if isinstance(found, str) else isinstance(decided, found)


def test_a_record_from_the_future_is_none():
    assert "ahead" in cover.decide(FLAT, Exposure(1, "5", 61 * NS_PER_S), COPPER, 0)


@pytest.mark.parametrize(
    ("qty", "as_of_ns", "is_so"),
    [("150", 1, True), ("90", 1, False), ("150", 0, False), ("150", -1, False), ("90.0", 1, False)],
)
def test_a_dropped_record_of_a_later_time_that_says_otherwise_is_at_odds(qty, as_of_ns, is_so):
    assert cover.is_at_odds(covering("90"), Exposure(0, qty, as_of_ns)) is is_so
    assert not cover.is_at_odds(FLAT, Exposure(0, qty, as_of_ns))


def test_what_waits_is_replaced_by_a_newer_record_and_by_no_older_one():
    pair = pairs.evolve(covering("-10"), ExposureWaits(told("99", 5)))
    assert (pair.exposure.qty, pair.waiting.qty) == ("-10", "99")
    assert "not newer than 5" in cover.decide(pair, told("-11", 4), COPPER, 0)
    pair = pairs.evolve(pair, cover.decide(pair, told("-12", 6), COPPER, 0))
    assert (pair.exposure.qty, pair.waiting) == ("-12", None)


@given(st.decimals(-(10**6), 10**6, places=3), st.integers(-1000, 1000), st.integers(1, 400), st.integers(0, 50))
def test_hedges_reach_the_band_and_then_rest(qty, held, lot, band):
    spec = CoverSpec(per_lot=Fraction(lot, 4), band=max(Fraction(band), Fraction(lot, 8)) if band else None)
    for _ in range(3):
        event, lots = event_of(covering(str(qty), held), spec)
        if not event:
            break
        before = abs(cover.left(covering(str(qty), held), spec, held))
        held += lots if event.startswith("buy") else -lots
        assert abs(cover.left(covering(str(qty), held), spec, held)) < before
    assert event_of(covering(str(qty), held), spec) == ("", 0)


# ------------------------------------------------------------------ a hedge


def flying(units=8, *, kind="open", tif="0"):
    first = opening(units, kind=kind, tif=tif)
    return opened(replace(first, legs=first.legs[:1], orders=first.orders[:1], trigger=COVER))


def filled(state, cum, qty):
    whole = orders.OrderFilled if cum == state.legs[0].orders[0].qty else orders.OrderPartiallyFilled
    return adopted(state, whole("cu.1.1.0h1", cum, (f"t{cum}", qty, 100), None))


def follows(state, now_ms=10, market=None, rules=None):
    end, facts = advance.advance(state, rules or HedgeRules(), market or Market(((99, 99), (100, 99))), now_ms * MS)
    assert adopted(state, *facts) == end
    return end, facts


def test_whole_fill_is_done_and_a_short_one_is_replenished():
    assert follows(filled(flying(), 8, 8))[0].status is H.DONE
    end, facts = follows(adopted(filled(flying(tif="3"), 3, 3), OrderExpired("cu.1.1.0h1", 3)))
    given = [f.mandate for f in facts if isinstance(f, MandateGiven)]
    assert (end.status, [(m.kind, m.side, m.most_lots) for m in given]) == (H.REPLENISHING, [("replenish", 1, 5)])


@pytest.mark.parametrize("policy", ["cheaper", "rollback_first"])
def test_a_cover_is_never_rolled_back(policy):
    rules = HedgeRules(policy=Policy(choice=policy))
    state = adopted(filled(flying(tif="3"), 3, 3), OrderExpired("cu.1.1.0h1", 3))
    assert follows(state, rules=rules)[0].status is H.REPLENISHING


def test_market_that_closes_ends_it_short_and_strands_nothing():
    market = Market(((99, 99), (100, 99)))
    market.can = [False]
    for cum, status in ((3, H.PART), (0, H.NONE)):
        state = flying(tif="3")
        state = adopted(filled(state, cum, cum) if cum else state, OrderExpired("cu.1.1.0h1", cum))
        end, facts = follows(state, market=market)
        assert end.status is status and not any(isinstance(f, HedgeStranded) for f in facts)


def test_under_a_kill_an_open_ends_with_what_it_has():
    state = adopted(filled(flying(tif="3"), 3, 3), OrderExpired("cu.1.1.0h1", 3))
    assert follows(state, rules=HedgeRules(policy=Policy(choice=GO_BACK)))[0].status is H.PART


def test_exposure_that_falls_meanwhile_cancels_what_is_over_and_reverses_the_rest():
    pair = replace(covering("-15"), hedge=filled(flying(), 4, 4), books=(LegBook(4),), status=pairs.P.OPENING)
    facts = aimed(pair, pair.hedge, COPPER, 5)
    assert facts == (HedgeAimed(3, 1, 5),)
    state, following = follows(adopted(pair.hedge, *facts))
    assert isinstance(following[0], HedgeSettling) and isinstance(following[1], orders.CancelSubmitted)
    end, following = follows(adopted(state, orders.OrderCanceled("cu.1.1.0h1", 4)))
    given = [f.mandate for f in following if isinstance(f, MandateGiven)]
    assert (end.status, [(m.side, m.most_lots) for m in given]) == (H.ROLLING_BACK, [(-1, 1)])


def test_exposure_that_grows_or_turns_leaves_the_hedge_or_makes_it_nothing():
    pair = replace(covering("-90"), hedge=filled(flying(), 4, 4), books=(LegBook(4),), status=pairs.P.OPENING)
    assert aimed(pair, pair.hedge, COPPER, 5) == ()
    pair = replace(pair, exposure=told("30", 2))
    assert aimed(pair, pair.hedge, COPPER, 5) == (HedgeAimed(0, 2, 5),)


def test_refused_for_good_it_is_stranded_and_told():
    state = flying(tif="3")
    _, facts = follows(replace(adopted(state, OrderRejected("cu.1.1.0h1", 0, "99", "no")), naked_ns=1), now_ms=4000)
    assert any(isinstance(fact, HedgeStranded) for fact in facts)


def test_late_fill_of_an_ended_cover_opens_nothing_again():
    end, _ = follows(adopted(filled(flying(tif="3"), 3, 3), OrderExpired("cu.1.1.0h1", 3), HedgeSettling("short", 1)))
    state = adopted(replace(end, status=H.SETTLING, legs=(replace(end.legs[0], mandate=None, status="SETTLED"),)), HedgeEnded(H.PART, 3, 2))
    assert follows(state)[1] == ()
