"""An exposure among the arguments of an operator's word."""

from __future__ import annotations

from typing import Any

from actors.answering import text_arg
from domain.cover import CoverSpec
from domain.exposures import Exposure
from domain.units import decimal_of, exact
from wire.inspection import BAD_REQUEST, Unanswerable


def exposure_arg(args: dict[str, Any], now_ns: int, operator: str, latest: int = -1) -> Exposure:
    """The record; its version is the one after `latest` where none is given.

    Raises: Unanswerable.
    """
    text, version = text_arg(args, "qty"), args.get("version")
    try:
        qty = decimal_of(text)
    except ValueError as error:
        raise Unanswerable(BAD_REQUEST, f"qty: {error}") from None
    if version is None:
        version = latest + 1
    if not isinstance(version, int) or isinstance(version, bool) or not 0 <= version <= 2**53:
        raise Unanswerable(BAD_REQUEST, f"version={version!r}: allowed: a whole number from 0 to 2**53")
    return Exposure(version, format(qty, "f"), now_ns, f"operator {operator}", text_arg(args, "unit", ""))


def moved_text(known: Exposure | None, told: Exposure, spec: CoverSpec) -> str:
    """What a person is about to say beside what was known, and whether it is far.

    A record that moves so far waits for a person; a person's own word does
    not, so it is asked for with the figures that show a slip of the finger.
    """
    before = "none" if known is None else known.qty
    text = f"{told.qty} {told.unit or spec.unit} (before: {before})"
    moved = exact(told.qty) - (exact(known.qty) if known is not None else 0)
    is_far = spec.max_step is not None and abs(moved) > spec.max_step
    return f"{text}, FURTHER than max_step, {float(spec.max_step):g}, at once" if is_far else text
