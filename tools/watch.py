"""`-w`: the same look again each second, until Ctrl-C."""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import Event
from typing import Any

EVERY_S = 1.0
"""How often tools look again, at most."""

HOME_AND_CLEAR = "\x1b[H\x1b[J"


def watched(look: Callable[[], Any], *, again: bool, every_s: float = EVERY_S) -> Any:
    """Look once, giving what that gives; or again and again, which Ctrl-C ends well.

    A terminal is cleared before each look; elsewhere the looks follow one
    another.
    """
    if not again:
        return look()
    pause = Event()
    clears = sys.stdout.isatty()
    try:
        while True:
            if clears:
                sys.stdout.write(HOME_AND_CLEAR)
            look()
            pause.wait(every_s)
    except KeyboardInterrupt:
        return None


def watch_option(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: adds `-w`, gives the verb `watch`."""
    import click

    return click.option("-w", "--watch", is_flag=True, help="Look again each second, until Ctrl-C.")(verb)
