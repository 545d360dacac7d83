"""`board`: the pairs of a running node, live (同屏).

On a terminal four times a second, with keys; elsewhere a line every few
looks, or one JSON line for each pair and look.
"""

from __future__ import annotations

import io
from pathlib import Path
from threading import Event
from typing import Any

import click

from tools.board_line import Board, quiet_interrupt, snapshot
from tools.board_table import BASES, SORTS, chosen, cut
from tools.client import Absent, Client, pass_dir, reach
from tools.errors import NotConnected, UsageError
from tools.output import Output, pass_out

EVERY_S = 0.25
FEET = {
    "en": "j/k enter pair  s sort:{sort}  / {wanted}  r {basis}  c colour  l 中文  q quit",
    "zh": "j/k 回车 详情  s 排序:{sort}  / {wanted}  r {basis}  c 红绿  l English  q 退出",
}
PAGE = 10


@click.command()
@click.option("--sort", type=click.Choice(SORTS), default=SORTS[0], help="Order of the pairs.", show_default=True)
@click.option("--filter", "wanted", default="", metavar="TEXT", help="Only pairs whose name or state holds it.")
@click.option("--ratio", "basis", type=click.Choice(BASES), default="comparable", help="Of which prices.", show_default=True)
@click.option("--green-up", is_flag=True, help="Green for rising (default: 涨红跌绿, red for rising).")
@click.option("--every", "every_s", type=click.FloatRange(min=EVERY_S), default=None, help="Seconds between looks (0.25; 1 without a terminal).")
@click.option("--looks", type=click.IntRange(min=1), default=None, help="End after so many looks.")
@pass_dir
@pass_out
def board(out: Output, directory: Path, looks: int | None, every_s: float | None, green_up: bool, **given: Any) -> None:
    """Show the pairs live: prices, spreads, positions, exposure, ages.

    Keys: up, down, enter (pair), s (sort), / (filter), r (ratio), c (colours),
    l (language), q. Without a terminal a line every 5 looks; -o jsonl: a line a
    pair and look; -o json, csv: one look.
    """
    with quiet_interrupt(), reach(directory) as client:
        if out.format in ("json", "csv"):
            status, pairs = snapshot(client)
            out.one({"status": status, "pairs": pairs}) if out.format == "json" else out.many(pairs)
            return
        if out.format == "jsonl":
            _lines(out, client, looks, every_s or 1.0)
            return
        with Board(out.lang, green_up=green_up, keys=True) as shown:
            for key, value in given.items():
                setattr(shown.choice, key, value)
            _Follow(client, shown, out.lang).run(looks, every_s or (EVERY_S if shown.live else 1.0))


def _lines(out: Output, client: Client, looks: int | None, every_s: float) -> None:
    pause, done = Event(), 0
    while looks is None or done < looks:
        status, pairs = snapshot(client)
        out.many({"node": status["node"], "uptime_s": status["uptime_s"], **told} for told in pairs)
        done += 1
        if done != looks:
            pause.wait(every_s)


class _Follow:
    """Looks, draws, and does what keys ask for."""

    def __init__(self, client: Client, shown: Board, lang: str) -> None:
        self.client, self.board, self.lang = client, shown, lang
        self.typing = False
        self.detail = ""
        self.lost = ""
        self.told: tuple[dict[str, Any], list[dict[str, Any]]] = ({}, [])

    def run(self, looks: int | None, every_s: float) -> None:
        """Until q, Ctrl-C or the last look; on a screen a node that is gone is waited for.

        Raises: NotConnected where it is gone and there is no screen, or it never was there.
        """
        pause, done = Event(), 0
        while True:
            self.look()
            self.draw()
            done += 1
            if done == looks:
                return
            if self.board.screen is None:
                pause.wait(every_s)
                continue
            key = self.board.screen.key(every_s)
            if key and not self.press(key):
                return

    def look(self) -> None:
        """The node as it is now; as it was, where it does not answer."""
        if self.lost and not self.client.is_there():
            self.lost = str(self.client.nobody("no node runs in it"))
            return
        try:
            self.told, self.lost = snapshot(self.client), ""
        except NotConnected as error:
            if self.board.screen is None or not self.told[0]:
                raise
            self.lost = str(error)

    def draw(self) -> None:
        """The board, or the one pair that was entered."""
        self.board.lost = self.lost
        if self.detail and not self.lost:
            self.board.screen.draw(self.pair_lines())
            return
        choice = self.board.choice
        wanted = choice.wanted + "_" if self.typing else choice.wanted or "-"
        word = self.board.word
        self.board.foot = FEET[self.lang].format(sort=word(choice.sort), wanted=wanted, basis=word(choice.basis))
        if self.board.screen is not None and not self.board.screen.keys:
            self.board.foot = ""
        self.board.show(*self.told)

    def pair_lines(self) -> list[str]:
        """The pair as `pair show` has it."""
        from tools.status import show_pair

        columns, _ = self.board.screen.size
        text = io.StringIO()
        try:
            show_pair(Output(lang=self.lang, stream=text), self.client.ask("pair", pair=self.detail), columns)
        except (Absent, NotConnected, UsageError) as error:
            text.write(f"{error}\n")
        return [*(cut(line, columns) for line in text.getvalue().splitlines()), "", "q, esc, enter"]

    def press(self, key: str) -> bool:
        """Do what a key asks for; False for the end."""
        if self.typing:
            self._type(key)
        elif self.detail:
            self.detail = "" if key in ("q", "escape", "enter", "back") else self.detail
        elif key == "q":
            return False
        else:
            self._choose(key)
        self.draw()
        return True

    def _type(self, key: str) -> None:
        choice = self.board.choice
        if key in ("enter", "escape"):
            self.typing = False
            choice.wanted = choice.wanted if key == "enter" else ""
        elif key == "back":
            choice.wanted = choice.wanted[:-1]
        elif len(key) <= PAGE and key.isprintable() and " " not in key and key not in ("up", "down"):
            choice.wanted += key

    def _choose(self, key: str) -> None:
        choice = self.board.choice
        steps = {"up": -1, "k": -1, "down": 1, "j": 1, "page up": -PAGE, "page down": PAGE}
        if key in steps:
            choice.selected = choice.selected + steps[key] if choice.selects else 0
            choice.selects = True
        elif key == "s":
            choice.sort = SORTS[(SORTS.index(choice.sort) + 1) % len(SORTS)]
        elif key == "r":
            choice.basis = BASES[(BASES.index(choice.basis) + 1) % len(BASES)]
        elif key == "c":
            choice.green_up = not choice.green_up
        elif key == "l":
            self.lang = "en" if self.lang == "zh" else "zh"
            self.board.word = Output(lang=self.lang).word
            self.board.widths.clear()
        elif key == "/":
            self.typing = True
        elif key == "escape":
            choice.selects = False
        elif key == "enter":
            found = chosen(self.told[1], choice)
            self.detail = found[choice.selected]["pair"] if choice.selected < len(found) else ""
