"""How fast a recording is shown, as a word of the command line."""

from __future__ import annotations

from math import inf
from typing import Any

import click


class SpeedType(click.ParamType):
    """A number above 0, or `max`: as fast as possible (infinity)."""

    name = "SPEED"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number that a word spells."""
        if value == "max":
            return inf
        try:
            speed = float(value)
        except (TypeError, ValueError):
            speed = 0.0
        if not 0 < speed < inf:
            self.fail(f"{value!r}: a number above 0, such as 10, or max", param, ctx)
        return speed


def shown(speed: float) -> float | str:
    """As results tell it."""
    return "max" if speed == inf else speed
