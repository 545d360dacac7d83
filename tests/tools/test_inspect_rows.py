"""The inspector's table at scale: what is drawn, renewed, and found."""

import asyncio

import pytest

pytest.importorskip("textual", reason="not run: no textual (make inspect)")

from textual.widgets import DataTable

from tests.tools.test_inspect import comes, line, names, table, texts, upon
from tools.errors import NotConnected
from tools.inspect_app import InspectApp
from tools.inspect_views import MAX_SHOWN, PS

pytestmark = pytest.mark.slow

NODE = {
    "node": "n", "pid": 1, "lane": "asleep", "lane_in_hand": None, "lane_in_hand_ms": None, "journal_lag": 0, "suspended": [],
}  # fmt: skip


class Many:
    """A node of many actors, by hand."""

    def __init__(self, count):
        self.count, self.handled, self.fails = count, 0, False

    def node(self):
        if self.fails:
            raise NotConnected("nobody answers")
        return NODE

    def rows(self, _view):
        return [self.row(number) for number in range(self.count)]

    def row(self, number):
        row = dict.fromkeys(PS.columns)
        return {**row, "path": f"P{number:04d}", "class": "Actor", "phase": "running", "handled_per_s": float(self.handled), "dispatcher": "lane", "blocked_by": None}

    def close(self):
        pass


def driven(source, drive):
    async def run():
        app = InspectApp(source, "en", write=False, operator="ann")
        async with app.run_test(size=(120, 30)) as pilot:
            await comes(pilot, lambda: app.query_one(DataTable).row_count, "rows")
            await drive(app, pilot)

    asyncio.run(run())


def test_most_are_not_drawn_and_a_filter_finds_them():
    async def drive(app, pilot):
        assert len(names(app)) == MAX_SHOWN
        assert f"{MAX_SHOWN} / 3000" in texts(app)[0]
        await line(pilot, "/p2999")
        await comes(pilot, lambda: names(app) == ["P2999"], "the last one")

    driven(Many(3_000), drive)


def test_changed_cells_are_renewed_under_the_cursor():
    source = Many(40)

    async def drive(app, pilot):
        await upon(app, pilot, "P0030")
        source.handled = 7
        await comes(pilot, lambda: table(app)[30][PS.columns.index("handled_per_s")] == "7.0", "the new figure")
        assert app.chosen()["path"] == "P0030"
        source.count = 35
        await comes(pilot, lambda: len(names(app)) == 35, "fewer rows")
        assert app.chosen()["path"] == "P0030"

    driven(source, drive)


def test_lost_node_is_said_and_its_last_rows_stay():
    source = Many(3)

    async def drive(app, pilot):
        source.fails = True
        await comes(pilot, lambda: "NOT CONNECTED: nobody answers" in texts(app)[0], "the loss")
        assert len(names(app)) == 3
        source.fails = False
        await comes(pilot, lambda: "NOT CONNECTED" not in texts(app)[0], "the return")

    driven(source, drive)
