"""Whatever a gateway sends, in any order: nobody dies, and it can recover."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wire import codec
from wire import messages as wire

from .venue_rig import CU_MAP, Rig, seen_on_record

EPOCHS = st.sampled_from([100, 101, 300])
DAYS = st.sampled_from(["20260105", "20260106"])
SEQS = st.sampled_from([0, 1, 2, 3, 5, 40, 2**62])
IDS = st.sampled_from(["o1", "nobody", None])


def act_logon(rig, epoch, day, seq):
    rig.put(wire.GatewayLogon(1, "X", epoch, day, seq, {"positions": True}, 1))


def act_heartbeat(rig, up, seq, day, epoch):
    rig.put(wire.GatewayHeartbeat(rig.clock.wall_ns(), up, seq, day, epoch))


def act_report(rig, seq, cl_ord_id, exec_type, resend):
    if exec_type == "F":
        rig.put(rig.fill(cl_ord_id, seq=seq, poss_resend=resend, symbol="S", side="1"))
    else:
        rig.put(rig.report(cl_ord_id, seq=seq, exec_type=exec_type, ord_status=exec_type, poss_resend=resend))


def act_answer(rig, kind):
    for question in rig.sent(kind):
        rig.put(rig.answer_to(question))


def act_refuse(rig, kind, reason):
    for question in rig.sent(kind):
        rig.put(wire.BusinessReject({wire.Logon: "A"}.get(kind, "AF"), getattr(question, "req_id", ""), reason, ""))


def act_bytes(rig, body):
    rig.put(body)


def act_bent(rig, position, value):
    body = bytearray(codec.encode(rig.fill(seq=1)))
    body[position % len(body)] = value
    rig.put(bytes(body))


def act_link(rig, what):
    rig.trade.cut = what == "cut"
    rig.trade.connected = what != "gone"


def act_advance(rig, ms, beats):
    rig.beats = beats
    rig.advance(ms)


def act_plain(rig, message):
    rig.put(message)


PLAIN = [
    wire.Logout("bye"),
    wire.SecurityDefinition(CU_MAP, False),
    wire.SecurityDefinition(CU_MAP | {"tick_size": "3"}, True),
    wire.MassStatusEnd("nobody", 1),
    wire.BusinessReject("D", "o1", 6, "epoch"),
    wire.BusinessReject("", "", 6, "identity"),
    wire.CancelReject(3, "c", "o1", "0", 0, "", 1),
    wire.GatewayLogon(9, "X", 1, "20260105", 0, {}, 0),
]
ASKED = st.sampled_from([wire.MassStatusRequest, wire.PositionsRequest, wire.CollateralInquiry])

ACTIONS = st.one_of(
    st.tuples(st.just(act_logon), EPOCHS, DAYS, SEQS),
    st.tuples(st.just(act_heartbeat), st.booleans(), SEQS, DAYS, EPOCHS),
    st.tuples(st.just(act_report), SEQS, IDS, st.sampled_from("A048CFI6z"), st.booleans()),
    st.tuples(st.just(act_answer), ASKED),
    st.tuples(st.just(act_refuse), st.one_of(ASKED, st.just(wire.Logon)), st.sampled_from([0, 3, 4, 6, 8])),
    st.tuples(st.just(act_bytes), st.binary(max_size=40)),
    st.tuples(st.just(act_bent), st.integers(0, 200), st.integers(0, 255)),
    st.tuples(st.just(act_link), st.sampled_from(["cut", "gone", "back"])),
    st.tuples(st.just(act_advance), st.sampled_from([20, 120, 450, 1600]), st.booleans()),
    st.tuples(st.just(act_plain), st.sampled_from(PLAIN)),
)


def heal(rig):
    """From here on the gateway does what the page says."""
    rig.trade.connected, rig.beats, rig.epoch, rig.seq = True, False, 900, 0
    rig.trade.sent.clear()
    for _ in range(200):
        rig.advance(100)
        if rig.sent(wire.Logon):
            rig.logon()
        rig.answer()
        rig.heartbeat()
        if rig.stage == "OPEN" and rig.link.state.epoch == rig.epoch:
            return


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ACTIONS, max_size=40))
def test_venue_outlives_any_gateway_and_opens_once_it_behaves(actions):
    rig = Rig()
    rig.link.claim("o1", "pair")
    for act, *values in actions:
        act(rig, *values)
        assert rig.runtime.alive("venue/SHFE"), rig.runtime.boxes["venue/SHFE"].last_reason
    heal(rig)
    assert rig.stage == "OPEN", rig.link.state


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ACTIONS, max_size=40))
def test_a_start_names_the_numbers_that_the_link_has_whatever_was_sent(actions):
    rig = Rig()
    rig.link.adopted = lambda _report: True  # all that is told again is passed over
    for act, *values in actions:
        act(rig, *values)
    rig.runtime.stop("venue/SHFE")
    rig.dispatcher.run_idle()
    sequence = rig.link.sequence
    assert seen_on_record(rig)[:2] == (sequence.epoch, sequence.seen)
