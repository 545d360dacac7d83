"""What trades that nobody here sent do to the pairs of an account.

Those that only add to the account change no pair. Where the account then has
less than its pairs' ledgers, the loss is shared among them by what they hold,
and each share becomes a close whose first leg is filled already: what is left
to do is to take the other legs back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from domain import hedges, pairs
from domain.books import LegBook, sides_of
from domain.hedges import HedgeImbalanced, HedgeOpened, HedgeSettling, HedgeStranded, OutsideFilled
from domain.ids import hedge_id
from domain.legs import LegPlan
from domain.pairs import Pair
from domain.pairspec import PairSpec

KIND = "outside"
"""Kind of the record of an outside trade: each is looked at once."""
EXTERNAL = "EXTERNAL"
"""Why a hedge is STRANDED whose leg another session has traded away."""

FORCED = "L"
"""The origin of a trade that the broker or the exchange made."""


class OutsideTrade(Struct, frozen=True, array_like=True):
    """A trade of another session (X), or a forced one (L). Side: FIX."""

    venue: str
    day: str
    symbol: str
    side: str
    exec_type: str
    exec_id: str
    origin: str
    qty: int
    px: int | None

    @property
    def identity(self) -> tuple[str, ...]:
        """The same trade told again has the same."""
        return (self.venue, self.day, self.symbol, self.side, self.exec_type, self.exec_id)

    @property
    def words(self) -> tuple[str, ...]:
        """The same trade told again with another quantity or price has others."""
        return (*self.identity, f"{self.qty}@{self.px}")


class Outside:
    """The outside trades of an account: all known ones (identity, and words), and the last day's.

    `waiting`: by (venue, symbol), those whose effect is not judged yet.
    """

    def __init__(self) -> None:
        self.known: set[tuple[str, ...]] = set()
        self.waiting: dict[tuple[str, str], list[OutsideTrade]] = {}

    def add(self, trade: OutsideTrade) -> bool:
        """Take it in; False where it is known, and as it is told now."""
        if trade.words in self.known:
            return False
        self.known.update((trade.identity, trade.words))
        if trade.exec_type == "F":
            waiting = self.waiting.setdefault((trade.venue, trade.symbol), [])
            waiting[:] = [each for each in waiting if each.day == trade.day and each.identity != trade.identity]
            waiting.append(trade)
        return True

    def restates(self, trade: OutsideTrade) -> bool:
        """Whether it is known, and told with another quantity or price than ever."""
        return trade.identity in self.known and trade.words not in self.known


def claim(pair: Pair, leg: int) -> int:
    """Signed lots that a pair expects on the account for a leg.

    What a person has taken over is theirs to trade, until it is given back.
    """
    net = pair.books[leg].net
    return net - pair.naked[leg] if pairs.unreleased(pair) is not None else net


def lost(claims: Sequence[int], long_qty: int, short_qty: int, *, nets: bool) -> int:
    """Signed lots that the pairs claim and the account does not have.

    Where the venue nets, it is judged by the sums; else long and short apart,
    and the larger loss is told.
    """
    if nets:
        claimed, held = sum(claims), long_qty - short_qty
        side = 1 if claimed > 0 else -1
        return side * max(0, abs(claimed) - max(0, side * held))
    longs = max(0, sum(c for c in claims if c > 0) - long_qty)
    shorts = max(0, -sum(c for c in claims if c < 0) - short_qty)
    return longs if longs >= shorts else -shorts


def lacking(books: Sequence[LegBook], long_qty: int, short_qty: int) -> bool:
    """Whether the account has fewer lots of a side than pairs hold there, some of them locked.

    Which of the two sides a lock has lost decides what is naked: a person does.
    """
    held = [sides_of(book) for book in books]
    if not any(each.is_locked for each in held):
        return False
    return sum(each.long for each in held) > long_qty or sum(each.short for each in held) > short_qty


def shares(lots: int, holdings: Mapping[str, int]) -> dict[str, int]:
    """Lots by name, pro rata to what each holds; what is left, largest first."""
    whole = sum(holdings.values())
    lots = min(lots, whole)
    if not lots:
        return {}
    given = {name: lots * held // whole for name, held in holdings.items()}
    left = lots - sum(given.values())
    for name in sorted(holdings, key=lambda each: (-holdings[each], each)):
        more = min(left, 1, holdings[name] - given[name])
        given[name] += more
        left -= more
    return {name: qty for name, qty in given.items() if qty}


def closing(
    pair: Pair,
    spec: PairSpec,
    leg: int,
    fills: Sequence[tuple[int, int | None]],
    origin: str,
    touches: Sequence[int],
    node_epoch: int,
    now_ns: int,
) -> tuple[HedgeOpened, tuple[OutsideFilled, ...]]:
    """The close that an outside trade has begun. `touches`: ticks, by leg."""
    direction = -1 if pair.books[leg].net * spec.legs[leg].lots > 0 else 1
    per_unit = [abs(lots) for lots in spec.lots]
    if 0 in per_unit:  # what each hedge has sized is taken back whole, as one unit
        per_unit = [abs(book.net) for book in pair.books]
    units = -(-sum(lots for lots, _ in fills) // per_unit[leg])
    plans = tuple(
        LegPlan(i, each.venue, each.symbol, direction if each.lots > 0 else -direction, lots, units * lots, touch)
        for i, (each, lots, touch) in enumerate(zip(spec.legs, per_unit, touches, strict=True))
    )
    ref = hedge_id(pair.name, node_epoch, pair.hedge_count + 1)
    opened = HedgeOpened(ref, "close", direction, units, plans, (), 0.0, now_ns, f"outside {origin}")
    return opened, tuple(OutsideFilled(leg, lots, px, origin, now_ns) for lots, px in fills)


def stranded(pair: Pair, now_ns: int) -> tuple:
    """The facts that leave such a hedge to a person."""
    hedge: hedges.Hedge = pair.hedge
    naked = hedge.naked
    return (
        HedgeSettling("outside fill", now_ns),
        HedgeImbalanced(hedge.covered, naked),
        HedgeStranded(EXTERNAL, naked, now_ns),
    )
