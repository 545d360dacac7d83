"""`top`: venues, lane and actors of a running node, each second."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import click

from tools.board_line import quiet_interrupt
from tools.client import OBSERVE, Client, pass_dir, reach, tell_away
from tools.output import Output, pass_out
from tools.top_text import Looked, between, lines_of, looked

EVERY_S = 1.0
FEET = {"en": "l 中文  q quit", "zh": "l English  q 退出"}


@click.command()
@click.option("--every", "every_s", type=click.FloatRange(min=0.25), default=EVERY_S, show_default=True, help="Seconds between looks.")
@click.option("--looks", type=click.IntRange(min=1), default=None, help="End after so many looks.")
@pass_dir
@pass_out
def top(out: Output, directory: Path, every_s: float, looks: int | None) -> int:
    """Show how busy the lane is, and how its links and mailboxes do.

    Rates are of the time between two looks. On a terminal until q; elsewhere
    one look, or as many as --looks says; -o json: one, -o jsonl: a line each.
    Of a node of shards: each one's lane, and the rows of all.
    """
    import sys

    with quiet_interrupt(), reach(directory) as client, reach(directory, OBSERVE) as observer:
        clients = (client, observer)
        if out.format == "table" and sys.stdout.isatty():
            _screen(out, clients, every_s, looks)
        else:
            _lines(out, clients, every_s, looks or 1)
        return tell_away(client, out.say)


def _look(clients: tuple[Client, Client]) -> Looked:
    return looked(clients[0].ask("top"), list(clients[1].rows("ps", "path")))


def _lines(out: Output, clients: tuple[Client, Client], every_s: float, looks: int) -> None:
    pause, before = Event(), _look(clients)
    for _ in range(looks):
        pause.wait(every_s)
        now = _look(clients)
        told = between(before, now)
        before = now
        if out.format == "csv":
            out.many(told["venues"])
        elif out.format != "table":
            out.one(told)
        else:
            for line in lines_of(told, 160, out.word):
                out.line(line)


def _screen(out: Output, clients: tuple[Client, Client], every_s: float, looks: int | None) -> None:
    from tools.screen import Screen

    lang, done = out.lang, 0
    with Screen(keys=True) as screen:
        before = _look(clients)
        while True:
            key = screen.key(every_s)
            if key in ("q", "escape"):
                return
            if key == "l":
                lang = "en" if lang == "zh" else "zh"
            now = _look(clients)
            columns, rows = screen.size
            lines = lines_of(between(before, now), columns, Output(lang=lang).word)
            screen.draw([*lines[: rows - 1], FEET[lang] if screen.keys else ""])
            if not key:
                before = now
            done += 1
            if done == looks:
                return
