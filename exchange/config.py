"""The exchange file: venues, instruments, participants, troubles, as TOML.

Read at the entry point alone; what comes out is a Spec of typed values. Money
and sizes are decimal strings, durations carry their unit in the key. Unknown
keys are refused, and every error names the key and what is allowed.
"""

from __future__ import annotations

import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from exchange.errors import ExchangeError, SpecError, TroubleError
from exchange.fair import FairSpec, ProcessSpec
from exchange.instruments import CLOSING, CLOSING_TODAY, OPENING, Instrument, Tariff, tick_value_of, to_minor
from exchange.participants import CrowdSpec
from exchange.session import NAMES
from exchange.trouble import Troubles

Money = Annotated[str, Meta(pattern=r"^-?[0-9]{1,24}(\.[0-9]{1,18})?$")]
Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]
Ms = Annotated[int, Meta(ge=1, le=86_400_000)]
ZERO = "0"
T = TypeVar("T")


class InstrumentSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """An instrument's definition, with the gateway protocol's keys."""

    symbol: Name
    currency: str
    tick_size: Money
    lot_size: Money
    fair: FairSpec
    multiplier: Money = "1"
    kind: Literal["linear", "inverse", "spot", "fx", "index"] = "linear"
    offset_mode: Literal["net", "oc", "octy"] = "net"
    tifs: Annotated[str, Meta(pattern="^[034]{1,3}$")] = "034"
    market_orders: bool = False
    tradable: bool = True
    base: str = ""
    min_lots: Annotated[int, Meta(ge=1)] = 1
    max_lots: Annotated[int, Meta(ge=1)] = 500
    band: Money | None = None
    expiry: str | None = None
    last_open_day: str | None = None
    margin_rate_long: Money = ZERO
    margin_rate_short: Money = ZERO
    margin_lot_long: Money = ZERO
    margin_lot_short: Money = ZERO
    margin_sides: Literal["both", "larger"] = "both"
    fee_rate_open: Money = ZERO
    fee_lot_open: Money = ZERO
    fee_rate_close: Money | None = None
    fee_lot_close: Money | None = None
    fee_rate_close_today: Money | None = None
    fee_lot_close_today: Money | None = None
    crowd: CrowdSpec = CrowdSpec()


class AccountSpec(Struct, frozen=True, forbid_unknown_fields=True):
    name: Name
    deposit: dict[str, Money]


class StatusSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """At `at_ms` after the start the symbol ("" all) goes into `status`."""

    at_ms: Annotated[int, Meta(ge=0)]
    status: str
    symbol: str = ""


class VenueSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """`feed` snapshot: each `feed_ms`; continuous: on change, at most so often."""

    name: Name
    instrument: Annotated[list[InstrumentSpec], Meta(min_length=1, max_length=1000)]
    account: list[AccountSpec] = []
    feed: Literal["snapshot", "continuous"] = "snapshot"
    feed_ms: Ms = 500
    depth: Annotated[int, Meta(ge=1, le=10)] = 5
    step_ms: Ms = 100
    status: list[StatusSpec] = []


class TroubleSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """A trouble armed at `at_ms` after the start, then each `every_ms`.

    `jitter_ms`: up to so much later, drawn from the run's seed.
    """

    at_ms: Annotated[int, Meta(ge=0)]
    venue: Name
    kind: Name
    every_ms: Ms | None = None
    jitter_ms: Annotated[int, Meta(ge=0)] = 0
    args: dict[str, Any] = {}


class TroubleFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A file of scheduled troubles alone."""

    trouble: list[TroubleSpec]


class Spec(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole exchange. `currencies`: decimals of each currency's money."""

    currencies: dict[str, Annotated[int, Meta(ge=0, le=18)]]
    process: list[ProcessSpec]
    venue: Annotated[list[VenueSpec], Meta(min_length=1, max_length=100)]
    trouble: list[TroubleSpec] = []
    seed: int = 1


def load(path: Path, troubles: Path | None = None) -> Spec:
    """Read and check an exchange file, and a file of troubles to add.

    Raises: SpecError.
    """
    found = parse(_text(path), str(path))
    if troubles is None:
        return found
    added = _convert(_text(troubles), TroubleFile, str(troubles)).trouble
    _check_troubles(found, added, str(troubles))
    return msgspec.structs.replace(found, trouble=[*found.trouble, *added])


def parse(text: str, file: str) -> Spec:
    """An exchange file's text as checked values. Raises: SpecError."""
    found = _convert(text, Spec, file)
    check(found, file)
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(str(path), "file", str(error), "a readable TOML file") from error


def _convert(text: str, shape: type[T], file: str) -> T:
    try:
        return msgspec.convert(tomllib.loads(text), shape)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at ")
        raise SpecError(file, where.strip("`$.") or "file", what, "what config/exchange shows") from error
    except (ValueError, RecursionError) as error:  # beside bad TOML: a number or a nesting without end
        raise SpecError(file, "file", str(error), "TOML") from error


def instrument_from(spec: InstrumentSpec, currencies: dict[str, int]) -> Instrument:
    """The exact instrument of a spec. Raises: ExchangeError."""
    digits, base_digits = currencies[spec.currency], currencies.get(spec.base, 8)
    settle_digits = base_digits if spec.kind == "inverse" else digits
    tick, lot, multiplier = Fraction(spec.tick_size), Fraction(spec.lot_size), Fraction(spec.multiplier)
    return Instrument(
        symbol=spec.symbol,
        kind=spec.kind,
        currency=spec.currency,
        digits=digits,
        tick_size=tick,
        lot_size=lot,
        multiplier=multiplier,
        offset_mode=spec.offset_mode,
        tifs=spec.tifs,
        market_orders=spec.market_orders,
        tradable=spec.tradable,
        base=spec.base,
        base_digits=base_digits,
        min_lots=spec.min_lots,
        max_lots=spec.max_lots,
        band=None if spec.band is None else Fraction(spec.band),
        margin_rate_long=Fraction(spec.margin_rate_long),
        margin_rate_short=Fraction(spec.margin_rate_short),
        margin_lot_long=to_minor(spec.margin_lot_long, settle_digits),
        margin_lot_short=to_minor(spec.margin_lot_short, settle_digits),
        larger_side=spec.margin_sides == "larger",
        fees=_tariffs(spec, settle_digits),
        tick_value=_tick_value(spec, digits),
    )


def definition_of(spec: InstrumentSpec) -> dict[str, Any]:
    """The instrument map that clients are told; absent keys left out."""
    ours = ("fair", "crowd", "band", "margin_sides")
    fields = {key: value for key, value in msgspec.structs.asdict(spec).items() if key not in ours}
    for what in ("rate", "lot"):
        opening = fields[f"fee_{what}_open"]
        closing = fields[f"fee_{what}_close"] = _or(fields[f"fee_{what}_close"], opening)
        fields[f"fee_{what}_close_today"] = _or(fields[f"fee_{what}_close_today"], closing)
    return {key: value for key, value in fields.items() if value is not None and not (key == "base" and not value)}


def _tariffs(spec: InstrumentSpec, digits: int) -> dict[str, Tariff]:
    told = definition_of(spec)
    return {
        what: Tariff(Fraction(told[f"fee_rate_{what}"]), to_minor(told[f"fee_lot_{what}"], digits))
        for what in (OPENING, CLOSING, CLOSING_TODAY)
    }


def _tick_value(spec: InstrumentSpec, digits: int) -> int:
    if spec.kind == "inverse" or not spec.tradable:
        return 0
    return tick_value_of(
        spec.symbol, Fraction(spec.tick_size), Fraction(spec.lot_size), Fraction(spec.multiplier), digits
    )


def _or(value: str | None, otherwise: str) -> str:
    return otherwise if value is None else value


def check(spec: Spec, file: str) -> None:
    """What TOML's shape does not say; `file`: what errors name. Raises: SpecError."""
    processes = [process.name for process in spec.process]
    _unique(file, "process.name", processes)
    _unique(file, "venue.name", [venue.name for venue in spec.venue])
    for process in spec.process:
        _one_of(file, f"process.{process.name}.kind", process.kind, ("walk", "revert"))
    for venue in spec.venue:
        _check_venue(spec, venue, processes, file)
    _check_troubles(spec, spec.trouble, file)


def _check_troubles(spec: Spec, troubles: list[TroubleSpec], file: str) -> None:
    symbols = {venue.name: frozenset(one.symbol for one in venue.instrument) for venue in spec.venue}
    accounts = {venue.name: frozenset(one.name for one in venue.account) for venue in spec.venue}
    for number, trouble in enumerate(troubles):
        _one_of(file, f"trouble[{number}].venue", trouble.venue, tuple(symbols))
        try:
            Troubles(symbols[trouble.venue], accounts[trouble.venue]).arm(trouble.kind, trouble.args)
        except TroubleError as error:
            raise SpecError(file, f"trouble[{number}]", trouble.kind, str(error)) from error


def _check_venue(spec: Spec, venue: VenueSpec, processes: list[str], file: str) -> None:
    where = f"venue.{venue.name}"
    _unique(file, f"{where}.instrument.symbol", [one.symbol for one in venue.instrument])
    _unique(file, f"{where}.account.name", [account.name for account in venue.account])
    for status in venue.status:
        _one_of(file, f"{where}.status", status.status, tuple(NAMES))
    for account in venue.account:
        for currency, amount in account.deposit.items():
            key = f"{where}.account.{account.name}.deposit"
            _one_of(file, key, currency, tuple(spec.currencies))
            try:
                to_minor(amount, spec.currencies[currency])
            except ExchangeError as error:
                raise SpecError(file, f"{key}.{currency}", amount, str(error)) from error
    for one in venue.instrument:
        _check_instrument(spec, one, processes, file)


def _check_instrument(spec: Spec, one: InstrumentSpec, processes: list[str], file: str) -> None:
    where = f"instrument.{one.symbol}"
    _one_of(file, f"{where}.currency", one.currency, tuple(spec.currencies))
    if one.base or one.kind in ("inverse", "spot"):
        _one_of(file, f"{where}.base", one.base, tuple(spec.currencies))
    for name in (*one.fair.product, *one.fair.plus):
        _one_of(file, f"{where}.fair", name, tuple(processes))
    if one.crowd.qty_min > one.crowd.qty_max:
        raise SpecError(file, f"{where}.crowd.qty_min", one.crowd.qty_min, f"at most qty_max = {one.crowd.qty_max}")
    if one.market_orders and one.band is None:
        raise SpecError(file, f"{where}.band", None, "a band, since market_orders = true goes to the day's limits")
    for key in ("tick_size", "lot_size", "multiplier"):
        if Fraction(getattr(one, key)) <= 0:
            raise SpecError(file, f"{where}.{key}", getattr(one, key), "above 0")
    try:
        instrument_from(one, spec.currencies)
    except ExchangeError as error:
        raise SpecError(file, where, one.symbol, str(error)) from error


def _one_of(file: str, key: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise SpecError(file, key, value, ", ".join(allowed) or "none is defined")


def _unique(file: str, key: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise SpecError(file, key, name, "each name once")
