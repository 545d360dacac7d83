"""A seed's run: warm-up, safety, restarts, liveness, audit.

Everything is drawn from the seed: the desk's shape, the market's swings, the
faults, the order of turns. The same seed writes the same journal, byte for
byte, in any process.
"""

from __future__ import annotations

from random import Random
from typing import Any

from msgspec import Struct

from domain.books import sides_of
from domain.breaker import LONGEST_PAUSE_NS
from domain.errors import InvariantViolation
from domain.ledgers import account_of
from domain.money import SCALE
from simulation.agenda import MS
from simulation.faults import Plan
from simulation.own_tries import CAUSES, TIMED_OUT
from simulation.rest import judge_rest
from simulation.settings import CHEAP, NAMES, POLICIES, QUIET, RICH, Shape
from simulation.shapes import shape_of
from simulation.venue import VirtualVenue
from simulation.world import NodeMaker, World
from system.clock import chance

WARM_UP_MS = 1500
CENT = SCALE // 100
SAFETY_MS = 18_000
RESTART_MS = 1200
STEP_MS, CALM_STEP_MS = (100, 500), (700, 1000)
"""How long the market stays where it is."""
MOST_STEPS = 60
HALF = 0.5
SEGMENTS = (32 * 1024, 128 * 1024, 1024 * 1024)
"""Bytes: a run fills a few of the small ones."""
SETTLE_NS = 90_000 * MS
HEAL_MS = 10_000
FIRE_NS = 4000 * MS
ATTENDED = 0.3
"""How often somebody looks after what is stranded."""
STAYS = 0.25
"""How often the market does not go from one end to the other."""
AWAY = 8
"""Ticks back from where a hedge fires: nothing does, repairs are in reach."""
PASSING = ("MARKET", "UNKNOWN", "BUDGET")
EXPOSED = 9
"""The most, either way, that a cover is told to cover."""
LIMITED = "RISK POSITION_LIMIT"
"""Another pair holds what this one would need: it says so, and is well."""
LOCKED_UP = (LIMITED, "RISK MARGIN")
"""So is one whose locks have taken the account's room."""
RETRIES, MOST_LET = 3, 3
"""Reasons to be stranded that pass by themselves, so many times; one that was denied is tried on, ever later."""


class Result(Struct):
    """What a seed's run came to.

    `faults`: how often each struck; `live`: how often it met a live order, a
    report, or a link in use; `met`: by the state, on record, of the order that
    it met, NONE where no order was out. `phases`: how long each was, virtual ms.
    """

    seed: int
    hedges: int
    outcomes: dict[str, int]
    faults: dict[str, int]
    met: dict[str, dict[str, int]]
    live: dict[str, int]
    violations: list[tuple[int, str, str]]
    alerts: dict[str, int]
    repairs: int
    kills: int
    restarts: int
    phases: dict[str, int]
    aim: tuple[str, str] | None
    messages: int
    events: int
    virtual_ms: int
    free_of_faults: bool
    journal_sha256: str

    @property
    def ok(self) -> bool:
        return not self.violations


def run(
    seed: int, make_node: NodeMaker, safety_ms: int = SAFETY_MS, without: frozenset[str] = frozenset()
) -> Result:
    """The whole run of one seed; `without`: faults that are left out."""
    rng = chance(seed)
    plan = Plan(rng, NAMES, without, seed)
    shape = shape_of(seed, rng)
    world = World(rng.randrange(2**60), make_node, _with_policy(shape, rng), rng.choice(SEGMENTS))
    phases = Phases(world)
    try:
        try:
            _phases(world, plan, rng, safety_ms, phases)
        except InvariantViolation as error:
            world.judge.broken("I12", str(error))
        return _result(seed, world, plan, phases.lengths)
    finally:
        world.close()


class Phases:
    """How long each phase of a run was, in virtual ms."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.lengths: dict[str, int] = {}
        self._begun_ns = world.agenda.now_ns

    def ends(self, name: str) -> None:
        """The phase that began where the last one ended."""
        now_ns = self.world.agenda.now_ns
        self.lengths[name] = (now_ns - self._begun_ns) // MS
        self._begun_ns = now_ns


def _phases(world: World, plan: Plan, rng: Random, safety_ms: int, phases: Phases) -> None:
    world.start()
    world.run(WARM_UP_MS)
    phases.ends("warm_up")
    if not plan.free:
        plan.begin(world)
    _swing(world, rng, safety_ms, calm=plan.free)
    phases.ends("safety")
    _restarts(world, plan, rng)
    phases.ends("restarts")
    plan.end(world)
    heal(world)
    if world.node is not None:
        fire(world)
    phases.ends("liveness")
    audit(world, free=plan.free)
    phases.ends("audit")


def _restarts(world: World, plan: Plan, rng: Random) -> None:
    """The node is killed between any two records or sends, and raised, while the faults go on."""
    for _ in range(plan.restarts):
        if "node_killed" not in plan.without:
            world.light(rng.randrange(1, MOST_STEPS), rng.randrange(10, 1000), torn=rng.random() < HALF)
        _swing(world, rng, RESTART_MS, calm=False)
        if world.fuse is not None:  # it had nothing to record meanwhile
            world.count("node_killed")
            world.restart(rng.randrange(10, 1000) * MS)


def _with_policy(shape: Shape, rng: Random) -> Shape:
    values = {name: getattr(shape, name) for name in shape.__struct_fields__}
    return Shape(**{**values, "policy": rng.choice(POLICIES)})


def _swing(world: World, rng: Random, for_ms: int, *, calm: bool) -> None:
    """The market goes to and fro, faster than hedges end; calm: slowly."""
    world.calm_mid = world.mid if calm else None
    left, side = for_ms, RICH
    while left > 0:
        step = rng.randrange(*(CALM_STEP_MS if calm else STEP_MS))
        if world.shape.kind == "cover":
            world.expose(rng.randrange(-EXPOSED, EXPOSED + 1))
        else:
            side = side if rng.random() < STAYS else RICH + CHEAP - side
            world.mid = QUIET if rng.random() < STAYS / 2 else side
        world.run(step)
        if not calm and rng.random() < ATTENDED:
            world.attend()
        left -= step
    world.mid = QUIET


def heal(world: World, heal_ms: int = HEAL_MS) -> None:
    """Healthy venues: everything must come to an end.

    Both gateways begin anew, so that the node asks for the whole day and
    learns what was never told.
    """
    world.fuse = None
    world.run(heal_ms)
    if world.node is not None:
        world.release()
        _reach(world)
    for venue in world.venues.values():
        venue.gateway.kill(50 * MS)
    world.run(heal_ms)
    if world.node is None:
        world.judge.broken("I15", "no node runs")
        return
    late_ns = max(venue.late_until_ns for venue in world.venues.values()) - world.agenda.now_ns
    world.run(max(0, late_ns // MS))
    world.release()
    _reach(world)
    if not _settles(world):
        stages = [link.stage.name for link in world.node.desk.links.values()]
        working = [order.ref for venue in world.venues.values() for order in venue.working]
        why = "; ".join(_where(pair) for pair in world.pairs)
        world.judge.broken("I15", f"with healthy venues: {why}, {stages}, working {working}")
    world.run(heal_ms // 5)


def _settles(world: World) -> bool:
    """Whether all comes to rest.

    An open of one pair and a close of another are in reach of no one price:
    the market goes to each in turn, and there it must end.
    """
    for _ in world.shape.names:
        mid = next(iter(_waiting_at(world)), None)
        if mid is None:
            break
        world.mid = mid
        if not world.until(lambda mid=mid: mid not in _waiting_at(world), SETTLE_NS):
            return False
    return world.until(lambda: _is_quiet(world), SETTLE_NS)


def _waiting_at(world: World) -> list[int]:
    """The mids that put what has not come to its end in reach."""
    mids = (_mid_for(world, pair.hedge) for pair in world.pairs if not _is_told(pair))
    return [mid for mid in mids if mid is not None]


def _reach(world: World) -> None:
    """Repairs of what is in flight, or was opened again, must be in reach: of the first pair that has any."""
    world.mid = next(filter(None, (_mid_for(world, pair.hedge) for pair in world.pairs)), world.mid)


def _mid_for(world: World, hedge: Any) -> int | None:
    """Where the market is in reach of a hedge's repair, and nothing fires; None where it makes no difference."""
    if hedge is None or world.shape.kind == "cover":
        return None
    return (RICH if hedge.kind == "open" else CHEAP) + hedge.direction * AWAY


def _where(pair: Any) -> str:
    hedge = pair.hedge
    told = f"{hedge.hedge_id} {hedge.status} {hedge.stranded_why} {hedge.naked}" if hedge is not None else "no hedge"
    return f"{pair.name} {pair.status} {told}"


def fire(world: World) -> None:
    """A pair that is whole and at rest still trades, or says why not."""
    breaker, clock = world.node.desk.breaker, world.node.clock
    world.until(lambda: not breaker.why(NAMES, clock.mono_ns()), LONGEST_PAUSE_NS)
    if world.shape.kind == "cover":
        _covers(world)
        return
    ready = {
        pair.name: pair.hedge_count
        for pair in world.pairs
        if pair.hedge is None and pair.status != "FROZEN" and pair.mode == "ACTIVE"
        # very late truth may leave what no trigger of this desk closes
        and pair.units <= 0
    }
    full: set[str] = set()
    words = LOCKED_UP if world.shape.locks else (LIMITED,)
    for mid in (RICH, CHEAP):
        world.mid = mid
        if world.until(lambda: not _unfired(world, ready), FIRE_NS):
            break
        full |= {pair.name for pair in _unfired(world, ready) if world.node.pair_actor(pair.name).view.reason.startswith(words)}
    else:
        for pair in (pair for pair in _unfired(world, ready) if pair.name not in full):
            world.judge.broken("I15", f"with healthy venues {pair.name} fires no more: {pair.status}")
    world.mid = QUIET
    world.until(lambda: _is_quiet(world), SETTLE_NS)


def _unfired(world: World, ready: dict[str, int]) -> list[Any]:
    return [pair for pair in world.pairs if pair.hedge_count == ready.get(pair.name)]


def _covers(world: World) -> None:
    """A cover follows its exposure, and comes to rest where it covers it."""
    pair = world.pair
    if pair.hedge is not None or pair.status == "FROZEN" or pair.mode != "ACTIVE":
        return
    for qty in (EXPOSED, -1):
        world.expose(qty)
        if not world.until(lambda: world.pair.units == -world.exposed and _is_quiet(world), SETTLE_NS):
            world.judge.broken("I15", f"with healthy venues {world.exposed} is covered by {world.pair.units}: {world.pair.status}")


def _is_quiet(world: World) -> bool:
    told = all(_is_told(pair) for pair in world.pairs)
    return told and world.is_open() and not any(venue.working for venue in world.venues.values())


def _is_told(pair: Any) -> bool:
    """Over, or in the hands of people; a close goes on by itself while it has retries for time alone."""
    hedge = pair.hedge
    if hedge is None:
        return True
    closes = hedge.kind == "close" and hedge.stranded_why in CAUSES and hedge.retries < RETRIES - 1 and pair.status != "FROZEN" and not hedge.claimed
    goes_on = closes or (hedge.denied and hedge.stranded_why in TIMED_OUT and hedge.denials < MOST_LET and pair.status != "FROZEN" and not hedge.claimed)
    return hedge.status == "STRANDED" and not goes_on and (hedge.retries >= RETRIES or hedge.stranded_why not in PASSING)


def audit(world: World, *, free: bool) -> None:
    """At rest: journal, book and venue agree; nobody sent anything twice."""
    judge = world.judge
    if world.node is not None:
        books = [[pair.books[leg] for pair in world.pairs] for leg in range(len(world.pair.books))]
        held = tuple(sum(book.net for book in leg) for leg in books)
        if held != world.position[: len(held)]:
            judge.broken("I3", f"at rest the pairs hold {held}, the venues have {world.position}")
        cash, truth = [sum(book.cash for book in leg) for leg in books], [venue.cash for venue in world.venues.values()]
        if cash != truth[: len(cash)]:
            judge.broken("I3", f"at rest the pairs have paid and got {cash}, by the venues' trades {truth}")
        judge_money(world)
        judge_rest(world)
        world.stop()
    for venue in world.venues.values():
        if venue.gateway.duplicates:
            judge.broken("I4", f"{venue.name} was sent {venue.gateway.duplicates[:3]} twice")
    poor = {venue.name: venue.struck["no_money"] for venue in world.venues.values() if venue.struck.get("no_money")}
    if free and poor:
        judge.broken("MARGIN", f"nothing went wrong, but orders were refused for money: {poor}")
    if free and (judge.alerts or judge.repairs):
        judge.broken("I8", f"nothing went wrong, but alerts {judge.alerts} and {judge.repairs} repairs")


def judge_money(world: World) -> None:
    """I14: our ledgers say what the venues' accounts say, to the unit."""
    ledgers = world.node.desk.ledgers
    for venue in world.venues.values():
        account = venue.account
        ours = account_of(ledgers.every(), venue.name, "USD")
        found = (ours.cash - ours.fees, ours.fees, ours.net.get(venue.symbol, 0))
        truth = ((account.cash - account.fees) * CENT, account.fees * CENT, account.net)
        if found != truth:
            world.judge.broken("I14", f"{venue.name}: money, fees, lots by our ledger {found}, by the venue's account {truth}")
        if account.sides is not None:
            judge_sides(world, venue)


def judge_sides(world: World, venue: VirtualVenue) -> None:
    """I14: where a lock may hold both sides, our books have them as the venue, by side and day.

    A venue whose days are others than it has told is known by its sides alone.
    Where pairs share the account, a close that trades after it was over takes
    the other's lots: both sides then lack as many.
    """
    index = NAMES.index(venue.name)
    held = [sides_of(memory.pair.books[index]) for name, memory in world.node.desk.memories.items() if name in world.shape.names]
    ours = [[sum(s.long_old for s in held), sum(s.long_today for s in held)], [sum(s.short_old for s in held), sum(s.short_today for s in held)]]
    theirs = venue.account.sides
    long, short = (sum(mine) - sum(his) for mine, his in zip(ours, theirs, strict=True))
    is_shared = long > 0 and len(world.shape.names) > 1
    days_count = not is_shared and not venue.is_mismatched
    if long != short or (long and not is_shared) or (days_count and ours != theirs):
        world.judge.broken("I14", f"{venue.name}: by our books {ours}, by the venue {theirs}")


def _result(seed: int, world: World, plan: Plan, phases: dict[str, int]) -> Result:
    judge = world.judge
    outcomes = [outcome or "IN_FLIGHT" for outcome in judge.outcomes.values()]
    faults: dict[str, int] = {}
    live: dict[str, int] = {}
    met: dict[str, dict[str, int]] = {}
    for venue in world.venues.values():
        for (name, state), count in sorted(venue.met.items()):
            states = met.setdefault(name, {})
            states[state] = states.get(state, 0) + count
        for mine, theirs in ((faults, venue.struck), (live, venue.live)):
            for name, count in theirs.items():
                mine[name] = mine.get(name, 0) + count
    return Result(
        seed,
        len(judge.outcomes),
        _counted(outcomes),
        dict(sorted(faults.items())),
        dict(sorted(met.items())),
        dict(sorted(live.items())),
        judge.violations,
        _counted(judge.alerts),
        judge.repairs,
        world.kills,
        plan.restarts,
        phases,
        plan.aim,
        judge.frames,
        judge.frames + world.lane.steps,
        world.agenda.now_ns // MS,
        plan.free,
        world.digest(),
    )


def _counted(words: list[str]) -> dict[str, int]:
    return {word: words.count(word) for word in sorted(set(words))}
