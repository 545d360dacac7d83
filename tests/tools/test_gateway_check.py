"""`gateway check`: finds what falls short of the page, and only that."""

import json
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor

import pytest
import zmq

from tests.tools.page_gateway import FLAWS, PageVenue, Serving
from tools import conformance_feed, conformance_orders, conformance_peer, conformance_trade, gateway_check
from tools.cli import run
from tools.conformance import FAILED, PASSED, PROMISES, UNTRIED, Sheet

PACE = {"feed.heartbeat", "feed.status", "feed.book", "feed.first"}
"""A busy machine may be late with these: judged by themselves below."""
AT_ONCE = 16


@pytest.fixture(scope="module")
def sheets():
    """What the check finds of each flaw's gateway, all looked at side by side."""
    context = zmq.Context()
    folders = {flaw: tempfile.mkdtemp(prefix="hgc") for flaw in (None, *FLAWS)}
    venues = {flaw: PageVenue(folder, context, flaw) for flaw, folder in folders.items()}
    patched = pytest.MonkeyPatch()
    for module, name in ((conformance_trade, "QUERY_MS"), (conformance_peer, "ANSWER_MS"), (conformance_orders, "VENUE_MS")):
        patched.setattr(module, name, 1000)

    def look(flaw):
        base = f"ipc://{folders[flaw]}/V."
        seconds = 1.5 if flaw is None or FLAWS[flaw].startswith("feed.") else 0.2
        with Serving([venues[flaw]]):
            return gateway_check.run(base + "feed", base + "trade", "V.X", seconds, ("buy", 50, 1))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = dict(zip(venues, pool.map(look, venues), strict=True))
    patched.undo()
    context.destroy(linger=0)
    for folder in folders.values():
        shutil.rmtree(folder)
    return found, venues


@pytest.mark.slow
def test_a_gateway_true_to_the_page_falls_short_of_nothing(sheets):
    rows = {row["check"]: row for row in sheets[0][None].rows("en")}
    assert [(name, row["found"]) for name, row in rows.items() if row["result"] != PASSED and name not in PACE] == []


@pytest.mark.slow
def test_nothing_is_left_working_there(sheets):
    assert sheets[1][None].working == []
    assert sheets[1][None].orders


@pytest.mark.slow
@pytest.mark.parametrize("flaw", FLAWS)
def test_each_flaw_is_found_by_name(sheets, flaw):
    rows = {row["check"]: row for row in sheets[0][flaw].rows("en")}
    assert rows[FLAWS[flaw]]["result"] == FAILED, rows[FLAWS[flaw]]
    assert rows[FLAWS[flaw]]["found"]


def test_pace_is_judged_by_the_longest_wait_ends_included():
    for stamps, ok in (([0, 90, 190, 290], True), ([0, 100, 400], False), ([], False)):
        sheet = Sheet()
        conformance_feed._pace("feed.heartbeat", [(ms * 10**6, None) for ms in stamps], 0, 300 * 10**6, 250, sheet)
        assert (sheet.failed() == []) is ok


def test_sheet_keeps_the_first_shortcoming_and_counts_only_what_must_hold():
    sheet = Sheet()
    sheet.holds("feed.seq", False, "seq 5 after 3")
    sheet.holds("feed.seq", True)
    sheet.holds("order.venue", False, "none")
    sheet.untried("feed.seq", "no")
    rows = {row["check"]: (row["result"], row["found"]) for row in sheet.rows("zh")}
    assert rows["feed.seq"] == (FAILED, "seq 5 after 3")
    assert rows["logon.answer"] == (UNTRIED, "")
    assert sheet.failed() == ["feed.seq"]
    assert list(rows) == list(PROMISES)


def test_check_refuses_orders_without_a_price_or_a_word(capsys):
    base = ["gateway", "check", "ipc:///nowhere/a", "ipc:///nowhere/b", "V.X", "--orders"]
    assert run(base) == 2
    assert "--px" in capsys.readouterr().err
    assert run([*base, "--px", "50"]) == 2
    assert "give -y" in capsys.readouterr().err
    assert run(["gateway", "check", "ipc:///nowhere/a", "-", "V.X"]) == 2
    assert "a directory that exists" in capsys.readouterr().err


@pytest.mark.slow
def test_check_tells_a_feed_alone_and_one_that_is_not_there(tmp_path, capsys):
    folder = tempfile.mkdtemp(prefix="hgc")
    context = zmq.Context()
    with Serving([PageVenue(folder, context)]):
        argv = ["gateway", "check", f"ipc://{folder}/V.feed", "-", "V.X", "--seconds", "1.5", "-o", "json"]
        run(argv)
        rows = {row["check"]: row for row in json.loads(capsys.readouterr().out)}
        assert rows["feed.frames"]["result"] == PASSED
        assert rows["logon.answer"] == {
            "check": "logon.answer", "level": "must", "result": UNTRIED, "promise": PROMISES["logon.answer"].en,
            "found": "a feed alone",
        }  # fmt: skip
        assert run(["gateway", "check", f"ipc://{folder}/none.feed", "-", "V.X"]) == 4
        assert "no heartbeat" in capsys.readouterr().err
    context.destroy(linger=0)
    shutil.rmtree(folder)
