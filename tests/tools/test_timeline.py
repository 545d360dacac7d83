"""`hedge timeline`: on a terminal, as a page, for programs."""

from __future__ import annotations

import json
import re

import pytest

from journal.writer import Journal
from tools.cli import run
from tools.output import width
from wire.codec import encode, pack
from wire.messages import ExecutionReport, NewOrder
from wire.records import encode_decision

H = "CU.a1.1"
NOW = 1_700_000_000_000_000_000
US = 1_000


class Clock:
    now = NOW

    def wall_ns(self):
        return self.now

    mono_ns = wall_ns


@pytest.fixture
def directory(tmp_path):
    """A node's directory: one order, acknowledged by a gateway 3 ms ahead."""
    clock = Clock()
    journal = Journal(tmp_path / "journal", clock=clock, segment_bytes=64 * 1024, start=pack({"node": "n1"}))
    order = encode(NewOrder(f"{H}.0h1", "CU", "1", 2, 70_010, "3", "O", 7, NOW - 10 * US, NOW + 10**9))
    leg = ("CU", 70_000, 5, 70_010, 5, 300 * US, NOW - 400 * US, NOW - 300 * US, 50 * US)
    saw = ("buy_open", 1.0, 2.0, 0.5, [1.0], [leg])
    seq = journal.append("decision", encode_decision("CU", "CU", H, (), (("SHFE", order),), saw))
    clock.now += 1_000 * US
    journal.append("decision", encode_decision("CU", "CU", None, (), sent=(seq, NOW + 60 * US)), seq)
    acknowledged = encode(
        ExecutionReport(
            1, f"{H}.0h1", "x1", None, "0", "0", "CU", "1", 0, None, 0, 2, None, "", NOW + 500 * US, NOW + 4_000 * US, False, None,
            "20240101", "O",
        )
    )  # fmt: skip
    journal.append("report", pack({"venue": "SHFE", "epoch": 1, "frame": acknowledged}))
    journal.close()
    return tmp_path


def answer(capsys, *argv):
    code = run(argv)
    out, err = capsys.readouterr()
    assert code == 0, err
    return out


@pytest.mark.parametrize("columns", [80, 160])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_terminal_has_a_line_a_stage_within_its_width(directory, capsys, lang, columns):
    out = answer(capsys, "hedge", "timeline", H, "-d", str(directory), "--lang", lang, "--columns", str(columns))
    lines = out.splitlines()
    assert max(map(width, lines)) <= columns
    assert len([line for line in lines if line.startswith("  ")]) == 14 + 1 + 1  # the stages, the repair, the clock
    wanted = {
        "en": ("sent", "! SHFE gateway: ahead >= 3,000.0 us", "nothing was filled"),
        "zh": ("发出", "! SHFE 柜台网关: 偏快 >= 3,000.0 us", "无成交"),
    }[lang]
    assert re.search(rf"^  {wanted[0]} +60\.0 +\+60\.0", out, re.MULTILINE)
    assert re.search(rf"^  \S.* \?  {wanted[2]}$", out, re.MULTILINE)
    assert wanted[1] in out
    assert "4,000.0!" in out


def test_programs_get_every_stage_with_null_where_nothing_stamped_it(directory, capsys):
    told = json.loads(answer(capsys, "hedge", "timeline", "-d", str(directory), "-o", "json", H))
    stages = {each["stage"]: each for each in told["orders"][0]["stages"]}
    assert (stages["sent"]["at_us"], stages["journaled"]["at_us"], stages["acknowledged"]["at_us"]) == (60.0, 0.0, 1000.0)
    assert stages["acknowledged_gateway"] == {
        "stage": "acknowledged_gateway", "clock": "gateway", "at_us": 4000.0, "step_us": None, "off": True, "why": None,
    }  # fmt: skip
    assert (stages["filled"]["at_us"], stages["filled"]["why"]) == (None, "nothing was filled")
    assert all((each["at_us"] is None) is (each["why"] is not None) for each in stages.values())
    assert told["clocks"] == [{"venue": "SHFE", "clock": "gateway", "off": "ahead", "at_least_us": 3000.0}]
    rows = [json.loads(line) for line in answer(capsys, "hedge", "timeline", H, "-d", str(directory), "-o", "jsonl").splitlines()]
    assert [row["stage"] for row in rows] == list(stages)


def test_page_is_whole_in_itself(directory, capsys):
    page = directory / "t.html"
    answer(capsys, "hedge", "timeline", H, "-d", str(directory), "--html", str(page), "--lang", "zh")
    text = page.read_text(encoding="utf-8")
    assert text.count("<svg") == 1
    assert "偏快" in text
    assert not re.search(r"(src|href)=|url\(|<script", text)


def test_page_that_cannot_be_written_is_told(directory, capsys):
    assert run(["hedge", "timeline", H, "-d", str(directory), "--html", str(directory / "no" / "t.html")]) == 2
    assert "give a file in a folder" in capsys.readouterr().err


def test_hedge_that_is_not_on_record_is_told(directory, capsys):
    assert run(["hedge", "timeline", "CU.zz.9", "-d", str(directory)]) == 1
    assert "no hedge 'CU.zz.9' is on record" in capsys.readouterr().err
