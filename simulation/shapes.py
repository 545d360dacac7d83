"""The desks that seeds draw: how many pairs, of what sizes, on what terms."""

from __future__ import annotations

from random import Random

from simulation.settings import Shape

SHAPES = (
    Shape(pairs=3),
    Shape(units=2, max_units=4, pairs=3),
    Shape(units=5, max_units=5, pairs=2),
    Shape(lots=(3, 2), units=1, max_units=2, pairs=3),
    Shape(lots=(3, 2), units=2, max_units=4, pairs=3),
    Shape(units=3, max_units=3, tifs="0", pairs=3),
    Shape(lots=(1, 2), units=2, max_units=2, offset_mode="oc"),
    Shape(units=4, max_units=20, kind="cover"),
    Shape(units=20, max_units=20, kind="cover", tifs="0"),
    Shape(units=3, max_units=6, sequence="sequential", pairs=3),
    Shape(lots=(3, 2), units=2, max_units=4, sequence="sequential", first_leg=2, pairs=3),
    Shape(lots=(2, 3), units=2, max_units=4, sequence="sequential", first_leg=0, tif="day", pairs=3),
    Shape(units=2, max_units=2, pairs=3),
    Shape(lots=(3, 2), units=2, max_units=4, pairs=3, tifs="0"),
    Shape(units=4, max_units=4, tifs="0", offset_mode="oc"),
    Shape(units=3, max_units=6, position_lots=4),
    Shape(units=3, max_units=6, position_lots=5, pairs=3),
    Shape(units=4, max_units=4, defaults={"max_orders_per_hedge": 7}, pairs=3),
    Shape(units=2, max_units=4, offset_mode="octy"),
    Shape(lots=(2, 1), units=2, max_units=4, offset_mode="octy", tifs="0"),
    Shape(units=5, max_units=5, deposit_usd=460),
)
LOCKED = (
    Shape(units=2, max_units=4, offset_mode="octy", locks=True),
    Shape(lots=(2, 1), units=2, max_units=4, offset_mode="octy", locks=True, tifs="0"),
    Shape(units=3, max_units=6, offset_mode="octy", locks=True, sequence="sequential"),
    Shape(units=2, max_units=2, pairs=2, offset_mode="octy", locks=True, margin_sides="larger"),
    Shape(lots=(3, 2), units=2, max_units=4, offset_mode="octy", locks=True),
    Shape(units=2, max_units=4, offset_mode="octy", locks=True, deposit_usd=460),
)
"""Closes open the other side: every `LOCKED_EVERY`th seed has one of these."""
LOCKED_EVERY, LOCKED_AT = 11, 7


def shape_of(seed: int, rng: Random) -> Shape:
    """The desk of a seed; one that locks leaves the draws of the rest as they are."""
    drawn = rng.choice(SHAPES)
    return LOCKED[seed // LOCKED_EVERY % len(LOCKED)] if seed % LOCKED_EVERY == LOCKED_AT else drawn
