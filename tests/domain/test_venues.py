import itertools

import pytest

from domain import venues
from domain.errors import IllegalTransition
from domain.venues import (
    COLLATERAL,
    DAY,
    EVERY_ANSWER,
    OLD_DAY,
    POSITIONS,
    Answered,
    Ask,
    EpochChanged,
    GapClosed,
    GapOpened,
    LinkLost,
    LoggedOn,
    LogonSent,
    NotAuthorised,
    Opened,
    PictureDoubted,
    Reconciled,
    SendLogon,
    SessionLost,
    VenueState,
    decide,
    evolve,
    fold,
)
from domain.venues import VenueStage as S

EXAMPLES = {
    LogonSent: LogonSent(),
    LoggedOn: LoggedOn(7, "20260105", EVERY_ANSWER),
    LinkLost: LinkLost("HEARTBEAT"),
    SessionLost: SessionLost(),
    NotAuthorised: NotAuthorised("older epoch"),
    EpochChanged: EpochChanged(8),
    GapOpened: GapOpened(3, 5),
    GapClosed: GapClosed(),
    PictureDoubted: PictureDoubted("DROPPED"),
    Answered: Answered(DAY),
    Reconciled: Reconciled(),
    Opened: Opened(),
}
CELLS = list(itertools.product(S, venues.FACTS))


def run(state, *events):
    for event in events:
        state = fold(state, decide(state, event).facts)
    return state


def opened(**changes):
    return VenueState(S.OPEN, 7, "20260105", (), why="", **changes)


@pytest.mark.parametrize(("stage", "kind"), CELLS, ids=lambda value: getattr(value, "name", None) or value.__name__)
def test_cell_is_in_exactly_one_table_and_does_what_it_says(stage, kind):
    state = VenueState(stage, 7, "20260105")
    in_table, ignored = (stage, kind) in venues.TRANSITIONS, (stage, kind) in venues.IGNORED
    assert not (in_table and ignored)
    if in_table:
        assert evolve(state, EXAMPLES[kind]).stage is venues.TRANSITIONS[stage, kind]
    elif ignored:
        assert evolve(state, EXAMPLES[kind]) == state
        assert decide(state, EXAMPLES[kind]).facts == ()
        assert venues.IGNORED[stage, kind]
    else:
        before = VenueState(stage, 7, "20260105")
        with pytest.raises(IllegalTransition):
            evolve(state, EXAMPLES[kind])
        with pytest.raises(IllegalTransition):
            decide(state, EXAMPLES[kind])
        assert state == before


def test_every_fact_has_an_example_and_a_change():
    assert set(EXAMPLES) == set(venues.FACTS) == set(venues._CHANGES)


@pytest.mark.parametrize("stage", list(S))
def test_permissions_grow_with_the_stage(stage):
    state = VenueState(stage)
    assert (state.can_cancel, state.can_repair, state.can_open) == (stage >= 2, stage >= 3, stage == 4)


def test_venue_opens_when_all_is_answered_in_any_order():
    for order in itertools.permutations(EVERY_ANSWER):
        state = run(VenueState(), LogonSent(), LoggedOn(7, "20260105", EVERY_ANSWER))
        for what in order:
            assert not state.can_open
            state = run(state, Answered(what))
        assert state.stage is S.OPEN
        assert state.why == ""


def test_repairs_wait_for_the_day_alone():
    state = run(VenueState(), LogonSent(), LoggedOn(7, "20260105", EVERY_ANSWER), Answered(POSITIONS))
    assert not state.can_repair
    assert run(state, Answered(DAY)).stage is S.RECONCILED


def test_logon_asks_for_what_the_gateway_can_answer():
    state = run(VenueState(), LogonSent())
    assert decide(state, LoggedOn(7, "20260105", (DAY,))).commands == (Ask(DAY),)
    asked = decide(state, LoggedOn(7, "20260105", EVERY_ANSWER)).commands
    assert asked == (Ask(DAY), Ask(POSITIONS), Ask(COLLATERAL))


def test_feed_alone_opens_with_its_logon():
    assert run(VenueState(), LogonSent(), LoggedOn(7, "", ())).stage is S.OPEN


def test_new_trading_day_settles_the_old_one_first():
    state = run(opened(), EpochChanged(8), LogonSent())
    decision = decide(state, LoggedOn(8, "20260106", EVERY_ANSWER))
    assert decision.commands[:2] == (Ask(OLD_DAY, "20260105"), Ask(DAY))
    state = run(state, LoggedOn(8, "20260106", EVERY_ANSWER), Answered(DAY), Answered(POSITIONS), Answered(COLLATERAL))
    assert not state.can_repair
    assert run(state, Answered(OLD_DAY)).stage is S.OPEN


def test_old_day_is_still_asked_for_after_a_loss_in_between():
    state = run(opened(), EpochChanged(8), LogonSent(), LoggedOn(8, "20260106", EVERY_ANSWER), LinkLost("HEARTBEAT"))
    state = run(state, LogonSent())
    assert decide(state, LoggedOn(8, "20260106", EVERY_ANSWER)).commands[0] == Ask(OLD_DAY, "20260105")


def test_gap_blocks_repairs_until_filled_and_keeps_the_answers():
    decision = decide(opened(), GapOpened(3, 5))
    assert decision.commands == (SendLogon(),)
    state = run(opened(), GapOpened(3, 5), LogonSent(), LoggedOn(7, "20260105", EVERY_ANSWER, gap=True))
    assert (state.stage, state.waits) == (S.SYNCING, ())
    assert run(state, GapClosed()).stage is S.OPEN


@pytest.mark.parametrize("loss", [LinkLost("HEARTBEAT"), SessionLost(), NotAuthorised("")])
def test_loss_forgets_every_answer(loss):
    state = run(opened(), loss)
    assert state.stage is S.DOWN
    state = run(state, LogonSent(), LoggedOn(7, "20260105", EVERY_ANSWER))
    assert state.waits == EVERY_ANSWER


def test_dropped_frame_asks_for_the_day_at_once():
    decision = decide(opened(), PictureDoubted("DROPPED"))
    assert decision.commands == (Ask(DAY),)
    state = run(opened(), PictureDoubted("DROPPED"))
    assert not state.can_repair
    assert state.can_cancel
    assert run(state, Answered(DAY)).stage is S.OPEN


def test_frame_dropped_while_logging_on_is_asked_for_after_it():
    state = run(opened(), LogonSent(), PictureDoubted("DROPPED"))
    assert decide(state, LoggedOn(7, "20260105", EVERY_ANSWER)).commands == (Ask(DAY),)
