"""The terminal inspector, driven by keys, against a real node."""

import asyncio
import re

import pytest

from tests.tools.test_inspection import hanging, operators  # noqa: F401  a fixture
from tests.tools.test_node_commands import Site, answer, is_open, until
from tools.client import Client

pytest.importorskip("textual", reason="not run: no textual (make inspect)")

from textual.widgets import DataTable, Static

from tools.inspect_app import InspectApp
from tools.inspect_screens import ReasonScreen, TextScreen
from tools.inspect_views import PAIRS, PS, VIEWS, Source, filtered

pytestmark = pytest.mark.slow

TRIES = 600
TRY_S = 0.05


@pytest.fixture
def site():
    made = Site()
    yield made
    made.close()


def opened(site):
    with Client(site.node_dir) as client:
        until(client, is_open)
    return site


def driven(site, drive, *, lang="en", write=False, size=(160, 40), view=PS):
    """Run the app without a terminal; `drive` is a coroutine of (app, pilot)."""

    async def run():
        app = InspectApp(Source(site.node_dir), lang, write=write, operator="ann", first=view)
        async with app.run_test(size=size) as pilot:
            await drive(app, pilot)

    asyncio.run(run())


async def comes(pilot, holds, what):
    for _ in range(TRIES):
        await pilot.pause(TRY_S)
        if holds():
            return
    pytest.fail(f"it did not come: {what}; {pilot.app.screen} {texts(pilot.app)}")


def texts(app):
    return [str(widget.content) for widget in app.screen.query(Static)]


def table(app):
    found = app.screen.query_one(DataTable)
    return [[str(cell) for cell in found.get_row_at(place)] for place in range(found.row_count)]


def names(app):
    return [row[0] for row in table(app)]


async def line(pilot, text):
    await pilot.press(*({":": "colon", "/": "slash"}.get(key, key) for key in text), "enter")


async def upon(app, pilot, name):
    """The cursor on that row."""
    await comes(pilot, lambda: name in names(app), name)
    app.query_one(DataTable).move_cursor(row=names(app).index(name))
    await pilot.pause()


async def text_holds(app, pilot, pattern):
    await comes(pilot, lambda: isinstance(app.screen, TextScreen) and re.search(pattern, "\n".join(texts(app))), pattern)


def test_views_filter_and_texts_by_keys(site):
    async def drive(app, pilot):
        await comes(pilot, lambda: "AxB" in names(app), "ps")
        assert "read-only" in texts(app)[0]
        await line(pilot, "/roll")
        await comes(pilot, lambda: names(app) == ["AxB/rollback"], "a filter")
        await pilot.press("escape")
        await comes(pilot, lambda: len(names(app)) > 10, "no filter")
        await upon(app, pilot, "AxB")
        await pilot.press("d")
        await text_holds(app, pilot, r"class +PairActor")
        await pilot.press("escape", "s")
        await text_holds(app, pilot, r"memory:  PairMemory")
        await pilot.press("escape", "m")
        await text_holds(app, pilot, r"orders +0 +16384")
        await pilot.press("escape", "t")
        await text_holds(app, pilot, r"trace AxB")
        site.quotes(10, reject=False)
        await text_holds(app, pilot, r"quotes .* us  Quote key")
        await pilot.press("escape", "question_mark")
        await text_holds(app, pilot, r":ps  :tree")

    driven(opened(site), drive)


def test_every_view_has_its_rows_and_escape_leads_back(site):
    expected = {"ps": "node/root", "tree": "node/root", "venues": "A", "pairs": "AxB"}

    async def drive(app, pilot):
        for name, first in expected.items():
            await line(pilot, f":{name}")
            await comes(pilot, lambda first=first: first in names(app), name)
        await pilot.press("enter")
        await comes(pilot, lambda: app.view.name == "hedges" and names(app), "the pair's hedges")
        assert all(row[1] == "AxB" for row in table(app))
        await pilot.press("escape")
        await comes(pilot, lambda: app.view is PAIRS and names(app) == ["AxB"], "back to the pairs")
        await line(pilot, ":nope")
        await comes(pilot, lambda: "no view 'nope'" in texts(app)[-1], "a view that is not there")

    opened(site)
    assert site.quotes(20, reject=False)
    driven(site, drive)


def test_screen_is_chinese_narrow_and_looks_once_a_second_at_most(site):
    async def drive(app, pilot):
        await comes(pilot, lambda: "路径" in [str(column.label) for column in app.query_one(DataTable).ordered_columns], "Chinese")
        assert "只读" in texts(app)[0]
        looks, loop = app.looks, asyncio.get_running_loop()
        began_s = loop.time()
        for key in ("o", "o", "l", "l", "o"):  # none of them asks the node
            await pilot.press(key)
        await comes(pilot, lambda: app.looks >= looks + 2, "two more looks")
        assert loop.time() - began_s > 0.9

    driven(opened(site), drive, lang="zh", size=(80, 24))


def test_words_need_write_a_look_at_what_they_do_and_a_reason(site):
    async def refused(app, pilot):
        await upon(app, pilot, "AxB")
        await pilot.press("z")
        await comes(pilot, lambda: "read-only: start it with --write" in texts(app)[-1], "a refusal")

    async def suspends(app, pilot):
        await upon(app, pilot, "AxB")
        await pilot.press("z")
        await comes(pilot, lambda: isinstance(app.screen, ReasonScreen), "what it does")
        assert "suspend AxB for 30 s" in texts(app)[0]
        await pilot.press("enter")
        assert isinstance(app.screen, ReasonScreen)  # a word wants its reason
        await pilot.press("escape")
        await pilot.pause()
        await pilot.press("z")
        await comes(pilot, lambda: isinstance(app.screen, ReasonScreen), "what it does")
        await pilot.press(*"looking", "enter")
        await comes(pilot, lambda: ["suspended"] == [row[1] for row in table(app) if row[0] == "AxB"], "suspended")
        await upon(app, pilot, "AxB")
        await pilot.press("u")
        await comes(pilot, lambda: isinstance(app.screen, ReasonScreen), "what it does")
        await pilot.press(*"done", "enter")
        await comes(pilot, lambda: ["running"] == [row[1] for row in table(app) if row[0] == "AxB"], "running")
        await upon(app, pilot, "node/root")
        await pilot.press("x")
        await comes(pilot, lambda: "the whole node" in texts(app)[-1], "a refusal of the node")

    opened(site)
    driven(site, refused)
    assert operators(site) == []
    driven(site, suspends, write=True)
    assert operators(site) == [("actor suspend", "AxB", "ann"), ("actor resume", "AxB", "ann")]


def test_stuck_lane_is_shown_and_the_screen_goes_on(hanging):  # noqa: F811
    async def drive(app, pilot):
        await comes(pilot, lambda: "AxB" in names(app), "ps")
        hanging.flag.touch()
        assert hanging.quotes(1, reject=False)
        await comes(pilot, lambda: ["STUCK"] == [row[1] for row in table(app) if row[0] == "AxB"], "STUCK")
        assert "lane STUCK AxB" in texts(app)[0]
        await upon(app, pilot, "AxB")
        await pilot.press("d")
        await text_holds(app, pilot, r"<string>:\d+ hangs|hangs\n|hangs$")
        await pilot.press("escape")
        await line(pilot, ":pairs")
        await comes(pilot, lambda: "NOT CONNECTED" in texts(app)[0], "what only the lane could tell")
        hanging.flag.unlink()
        await comes(pilot, lambda: "NOT CONNECTED" not in texts(app)[0] and "AxB" in names(app), "connected again")

    driven(opened(hanging), drive)


def test_inspector_says_what_it_lacks(site, capsys, monkeypatch):
    where = ("--dir", str(opened(site).node_dir))
    code, _, err = answer(capsys, "inspect", *where)
    assert (code, "it needs a terminal" in err) == (2, True)
    code, _, err = answer(capsys, "inspect", "--view", "nope", *where)
    assert (code, "allowed: ps, tree" in err) == (2, True)
    monkeypatch.setattr("tools.inspect.find_spec", lambda _name: None)
    code, _, err = answer(capsys, "inspect", *where)
    assert (code, "make inspect" in err) == (1, True)


def test_filter_looks_in_every_column_that_is_shown():
    rows = [{"pair": "AxB", "state": "IDLE", "reason": "CLOSED"}, {"pair": "CxD", "state": "HOLDING", "reason": None}]
    assert [row["pair"] for row in filtered(rows, VIEWS["pairs"], "closed")] == ["AxB"]
    assert filtered(rows, VIEWS["pairs"], "") == rows
