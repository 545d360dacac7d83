"""`inspect`: the terminal inspector, once its library is there."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from tools.client import OBSERVE, pass_dir, reach
from tools.errors import FINE, ToolError, UsageError
from tools.output import Output, pass_out

EXTRA = "the inspector needs Textual: make inspect (requirements-inspect.txt); without it: ./hedgerow ps -w, tree, actor"


@click.command()
@click.option("--write", is_flag=True, help="Suspend, resume and restart actors, too.")
@click.option("--operator", default=None, metavar="NAME", help="With --write: who does it (default: this account's name).")
@click.option("--view", "first", default="ps", show_default=True, help="ps | tree | venues | pairs | hedges")
@pass_dir
@pass_out
def inspect(out: Output, directory: Path, write: bool, operator: str | None, first: str) -> int:
    """Look into a running node on a terminal: keys as in k9s, `?` tells them.

    It looks at most once a second and changes nothing, unless --write.
    """
    import sys

    if find_spec("textual") is None:
        raise ToolError(EXTRA)
    from tools.asking import user
    from tools.inspect_app import InspectApp
    from tools.inspect_views import NAMED, Source

    if first not in NAMED:
        raise UsageError(f"--view {first}: allowed: {', '.join(NAMED)}")
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        raise UsageError("it needs a terminal: without one ./hedgerow ps, tree and actor tell the same, -o json")
    with reach(directory, OBSERVE) as client:
        client.ask("node")  # whoever can't be reached is said before the screen is taken
    InspectApp(Source(directory), out.lang, write=write, operator=operator or user(), first=NAMED[first]).run()
    return FINE
