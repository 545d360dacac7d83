"""Trades, corrections and busts, some of them lost or sent again: after a whole answer all is as the venue has it."""

from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from domain.orders import OrdStatus, decide, evolve
from system.clock import chance
from tests.domain.making import order, report


@dataclass
class Trade:
    exec_id: str
    told: list  # (correction's id, "" for the trade's own word; lots; px)
    bust: str = ""


class Venue:
    """One order's trades, and the gateway's words on them."""

    def __init__(self, rng):
        self.rng, self.trades, self.now, self.ids = rng, [], 10, 0

    @property
    def standing(self):
        return sorted(each.told[-1][1:] for each in self.trades if not each.bust)

    def say(self, exec_type, qty=0, px=None, **told):
        self.now += 1
        cum = sum(lots for lots, _ in self.standing)
        return report(exec_type, "C", last_qty=qty, last_px=px, cum_qty=cum, gw_ns=self.now, **told)

    def goes_on(self):
        """A trade, or the undoing of one."""
        self.ids += 1
        live = [each for each in self.trades if not each.bust]
        what = self.rng.choice(("trade", "trade", "bust", "correct")) if live else "trade"
        if what == "trade":
            self.trades.append(Trade(f"t{self.ids}", [("", self.rng.randint(1, 3), 100)]))
            return self.say("F", *self.trades[-1].told[0][1:], exec_id=f"t{self.ids}")
        each = self.rng.choice(live)
        _, qty, px = each.told[-1]
        if what == "bust":
            each.bust = f"h{self.ids}"
            return self.say("H", qty, px, exec_id=each.bust, exec_ref=each.exec_id)
        qty, px = max(1, qty + self.rng.choice((-1, 0, 1))), px + 1
        each.told.append((f"g{self.ids}", qty, px))
        return self.say("G", qty, px, exec_id=f"g{self.ids}", exec_ref=each.exec_id)

    def answer(self):
        for each in self.trades:
            for by, qty, px in each.told:
                ref = {"exec_ref": each.exec_id} if by else {}
                yield self.say("G" if by else "F", qty, px, exec_id=by or each.exec_id, poss_resend=True, **ref)
            if each.bust:
                yield self.say("H", *each.told[-1][1:], exec_id=each.bust, exec_ref=each.exec_id, poss_resend=True)
        yield self.say("I", poss_resend=True)


def hear(state, told):
    for each in told:
        for fact in decide(state, each).facts:
            state = evolve(state, fact)
    return state


@pytest.mark.parametrize("seed", range(400))
def test_whatever_is_lost_or_comes_late_an_answer_sets_right(seed):
    rng = chance(seed)
    venue, state, lost = Venue(rng), order(OrdStatus.NEW, qty=30), []
    for _ in range(rng.randint(3, 8)):
        told = venue.goes_on()
        if rng.random() < 0.3:
            lost.append(told)
            continue
        state = hear(state, [told])
        if lost and rng.random() < 0.6:  # its gap is filled, in order
            state, lost = hear(state, [replace(each, poss_resend=True) for each in (*lost, told)]), []
    state = hear(state, [*venue.answer(), *venue.answer()])
    assert (state.cum_qty, sorted(each[1:] for each in state.trades if each[1])) == (sum(lots for lots, _ in venue.standing), venue.standing)
