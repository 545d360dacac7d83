"""`-w`: the same look again each second, until Ctrl-C."""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import Event
from typing import Any

EVERY_S = 1.0
"""How often tools look again, at most."""

HOME_AND_CLEAR = "\x1b[H\x1b[J"


def watched(look: Callable[[], Any], *, again: bool, every_s: float = EVERY_S) -> None:
    """Look once, or again and again; Ctrl-C is a good end then.

    A terminal is cleared before each look; elsewhere the looks follow one
    another.
    """
    if not again:
        look()
        return
    pause = Event()
    clears = sys.stdout.isatty()
    try:
        while True:
            if clears:
                sys.stdout.write(HOME_AND_CLEAR)
            look()
            pause.wait(every_s)
    except KeyboardInterrupt:
        return


def watch_option(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: adds `-w`, gives the verb `watch`."""
    import click

    return click.option("-w", "--watch", is_flag=True, help="Look again each second, until Ctrl-C.")(verb)
