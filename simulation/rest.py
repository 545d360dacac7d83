"""REST: what a node holds and says once all has come to rest.

Nothing is out, so nothing counts as out: no lots as being bought or closed, no
money beyond what hedges hold that have not been accounted for. Each hedge's
outcome is what its orders come to by the venues; a pair's profit is what its
venue's account has made of it; no day is settled that is not over.
"""

from __future__ import annotations

from typing import Any

from domain.money import SCALE, scaled
from domain.profit import profit_of
from simulation.knowledge import pair_of
from simulation.settings import NAMES
from simulation.venue import VirtualVenue

OUTCOMES = ("DONE", "PART", "NONE")
CENT = SCALE // 100


def judge_rest(world: Any) -> None:
    """All of it. Nothing is in flight at a venue; a hedge may be STRANDED."""
    for venue in world.venues.values():
        _limits(world, venue)
        if world.shape.offset_mode == "octy" and len(world.shape.names) == 1 and venue.account.sides is None and not venue.is_mismatched:
            _days(world, venue)
    _money(world)
    _profit(world)
    if world.shape.kind != "cover":
        _outcomes(world)


def _limits(world: Any, venue: VirtualVenue) -> None:
    """What counts towards the limits, and what is being closed."""
    desk, judge = world.node.desk, world.judge
    key = (venue.name, venue.symbol)
    if world.shape.kind == "cover" and venue.name != NAMES[0]:
        return
    row = desk.risk.row(key)
    if row.position != venue.position:
        judge.broken("REST", f"{venue.name}: {row.position} lots count towards the limits, {venue.position} are held")
    if judge.out[venue.name]:
        return  # in doubt, or in a person's hands
    if row.buying or row.selling or row.live or row.resting:
        judge.broken("REST", f"{venue.name}: nothing is out, and {row.buying} are being bought, {row.selling} sold, {row.resting} rest, {list(row.live)} live")
    closing = {side: sum(desk.closable.taken(key, side, "")) for side in (1, -1)}
    if any(closing.values()):
        judge.broken("REST", f"{venue.name}: nothing is out, and {closing} are being closed")


def _days(world: Any, venue: VirtualVenue) -> None:
    """Today's lots and older ones, by the book that closes them and the ledger that values them."""
    index = NAMES.index(venue.name)
    ledger = world.node.desk.ledgers.of.get(world.pair.name)
    told = {"book": world.pair.books[index].today}
    if ledger is not None:
        told["ledger"] = ledger.legs[index].today
    wrong = {name: lots for name, lots in told.items() if lots != venue.account.today}
    if wrong:
        world.judge.broken("REST", f"{venue.name}: {wrong} of today's lots, by the venue {venue.account.today}")


def _money(world: Any) -> None:
    """What hedges hold of an account is what it counts as held."""
    margin = world.node.desk.margin
    for funds in margin.funds.values():
        held = sum(amount for each in margin.held.values() for whose, amount in each.sums if whose is funds)
        if held != funds.held:
            world.judge.broken("REST", f"{funds.venue}: {funds.held} are held, its hedges hold {held}")


def _profit(world: Any) -> None:
    """The profits that are shown, against the accounts of the venues."""
    node, sums = world.node, {}
    for name in world.shape.names:
        ledger, actor = node.desk.ledgers.of.get(name), node.pair_actor(name)
        if actor is None:
            return  # it was given up: nobody shows its profit
        if ledger is None:
            continue
        view = actor.view
        told = profit_of(ledger, view.quotes, view.rates)
        for row, leg, quote in zip(told["legs"], ledger.legs, view.quotes, strict=True):
            over = [day for day in leg.settled if not day < leg.day]
            if over:
                world.judge.broken("REST", f"{name}: {over} are settled at {row['venue']}, where it is {leg.day}")
            if leg.untold or row["profit"] is None:
                return  # without a price, or a mark, nobody can tell
            px = 0 if not leg.net else quote.bid_px if leg.net > 0 else quote.ask_px
            if px is None:
                return
            shown, marked = sums.setdefault(row["venue"], [0, 0]), leg.net * px * SCALE
            sums[row["venue"]] = [shown[0] + scaled(row["profit"]), shown[1] + marked]
    for venue, (shown, marked) in sums.items():
        account = world.venues[venue].account
        truth = (account.cash - account.fees) * CENT + marked
        if shown != truth:
            world.judge.broken("REST", f"{venue}: a profit of {shown} is shown, the account has made {truth}")


def _outcomes(world: Any) -> None:
    """Each hedge that has ended, by what its orders have filled at the venues."""
    judge = world.judge
    targets, knowledge, skip = judge.targets, judge.knowledge, judge.moved_otherwise
    for hedge, outcome in judge.outcomes.items():
        if outcome not in OUTCOMES or hedge in skip or pair_of(hedge) not in world.shape.names:
            continue
        units, covered = [], []
        for index, name in enumerate(NAMES):
            side, target = targets.plans[hedge, index]
            orders = world.venues[name].orders
            ids = [ref for ref, sent in knowledge.orders.items() if (sent.hedge, sent.leg) == (hedge, index) and ref in orders]
            net = side * (sum(orders[ref].sign * orders[ref].cum for ref in ids) + targets.moved.get((hedge, index), 0))
            per_unit = targets.units[hedge, index]
            units.append(target // per_unit)
            covered.append(net // per_unit)
        m = max(0, min(covered))
        truth = "DONE" if m >= max(units) else "PART" if m else "NONE"
        if outcome != truth:
            judge.broken("REST", f"{hedge} is said to be {outcome}, by its orders {covered} of {units} units are there")
    for past in [past for pair in world.pairs for past in pair.past]:
        if judge.outcomes.get(past.hedge_id, past.status) != past.status and past.status in OUTCOMES:
            judge.broken("REST", f"{past.hedge_id} is shown as {past.status}, on record it is {judge.outcomes[past.hedge_id]}")
