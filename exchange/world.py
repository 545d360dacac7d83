"""All venues of a run on one timeline, driven by `advance(now)`.

The steps of participants, scheduled troubles and status changes are due at
fixed times and run at those times in order, however seldom `advance` is
called. The same spec, seed and calls give the same markets.
"""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

from exchange.agenda import MS, Agenda
from exchange.config import Spec, TroubleSpec, VenueSpec, instrument_from
from exchange.errors import ExchangeError, TroubleError
from exchange.fair import FairValues
from exchange.instruments import to_minor
from exchange.participants import Crowd
from exchange.session import NAMES
from exchange.trouble import Armed
from exchange.values import Event, TroubleEvent
from exchange.venue import Listing, Venue


class World:
    """The venues, their participants, and what is due when."""

    def __init__(self, spec: Spec, seed: int, start_ns: int, trading_day: str) -> None:
        self.spec = spec
        self.start_ns = start_ns
        self.fair = FairValues(spec.process, seed, start_ns)
        self.venues = {one.name: build_venue(one, spec, self.fair, trading_day) for one in spec.venue}
        self.agenda = Agenda()
        for name, venue in self.venues.items():
            venue.agenda = self.agenda
            venue.troubles.rng = Random(f"{seed}/trouble/{name}")
        self._trouble_rng = Random(f"{seed}/trouble")
        self.is_well = False
        """Once it is, no scheduled trouble is armed any more."""
        for one in spec.venue:
            self._plan_venue(one, seed)
        for trouble in spec.trouble:
            self._plan_trouble(trouble, start_ns + trouble.at_ms * MS)

    def advance(self, now: int) -> None:
        """Do all that was due up to `now`."""
        self.agenda.advance(now)

    @property
    def next_ns(self) -> int:
        """When something is due next."""
        return self.agenda.next_ns

    def trouble(self, venue: str, kind: str, now: int, **args: Any) -> Armed:
        """Make trouble at a venue, as `sim fault` does.

        Raises: ExchangeError with what to do.
        """
        if venue not in self.venues:
            raise ExchangeError(f"no venue {venue!r}; there are: {', '.join(self.venues)}")
        return self.venues[venue].trouble(now, kind, **args)

    def drain(self) -> list[Event]:
        """What happened since the last call, venue by venue."""
        found: list[Event] = []
        for venue in self.venues.values():
            if venue.events:
                found += venue.events
                venue.events = []
        return found

    def _plan_venue(self, spec: VenueSpec, seed: int) -> None:
        venue = self.venues[spec.name]
        crowds = [
            (Crowd(venue, one.symbol, one.crowd, Random(f"{seed}/{spec.name}/{one.symbol}")), one.fair, float(one.tick_size))
            for one in spec.instrument
        ]
        step_ns = spec.step_ms * MS

        def step(now: int) -> None:
            self.fair.advance(now)
            for crowd, fair, tick in crowds:
                crowd.step(now, self.fair.of(fair) / tick, step_ns)
            self.agenda.plan(now + step_ns, step)

        self.agenda.plan(self.start_ns, step)
        for status in spec.status:
            at = self.start_ns + status.at_ms * MS
            self.agenda.plan(at, lambda now, status=status: venue.set_status(now, status.symbol, NAMES[status.status]))

    def _plan_trouble(self, spec: TroubleSpec, base: int) -> None:
        due = base + self._trouble_rng.randint(0, spec.jitter_ms) * MS

        def arm(now: int) -> None:
            if self.is_well:
                return
            venue = self.venues[spec.venue]
            try:
                venue.trouble(now, spec.kind, **spec.args)
            except TroubleError as error:  # nothing to do it to now, or too many are armed: it may have its next turn
                venue.events.append(TroubleEvent(spec.venue, spec.kind, 0, now, text=str(error), missed=True))
            if spec.every_ms is not None:
                self._plan_trouble(spec, base + spec.every_ms * MS)

        self.agenda.plan(due, arm)


def build_venue(spec: VenueSpec, whole: Spec, fair: FairValues, trading_day: str) -> Venue:
    """A venue at its opening: reference prices are the first fair values."""
    listings = {}
    for one in spec.instrument:
        reference = round(fair.of(one.fair) / float(Fraction(one.tick_size)))
        listings[one.symbol] = Listing(instrument_from(one, whole.currencies), reference)
    deposits = {
        account.name: {
            currency: to_minor(amount, whole.currencies[currency]) for currency, amount in account.deposit.items()
        }
        for account in spec.account
    }
    return Venue(spec.name, listings, deposits, trading_day)
