"""What a cover pair is told of its exposure, and what is recorded of it."""

from __future__ import annotations

from msgspec import Struct


class Exposure(Struct, frozen=True, array_like=True):
    """What is held elsewhere: signed and absolute. `qty`: decimal text."""

    version: int
    qty: str
    as_of_ns: int
    source: str = ""
    unit: str = ""
    book: str = ""
    asset: str = ""


class ExposureTold(Struct, frozen=True, array_like=True, tag=True):
    """A cover pair's exposure is this from now on."""

    exposure: Exposure
    operator: str = ""


class ExposureWaits(Struct, frozen=True, array_like=True, tag=True):
    """It moved too far at once: a person must agree."""

    exposure: Exposure
