"""`sim try`'s page: what it says, that its numbers are the rows', both languages."""

import re

import pytest

from tools.try_page import amount, page, share, short


def row(pair="P", scenario="calm", **more):
    told = {
        "pair": pair, "scenario": scenario, "currency": "CNY", "troubles": 3, "hedges": 4, "outcomes": {"DONE": 3, "STRANDED": 1}, "orders": 10, "refused": 1,
        "repaired": 1, "naked_ms": [0.05, 2.5, 120.0], "longest_ms": 120.0, "naked_value": 1234567.0, "naked_value_s": 9876.5, "repair_cost": -12.5, "cost": 55.0,
        "costs": [-12.5], "still_s": {"COOLDOWN": 30.0}, "naked_at_end": 1, "alerts": {"STRANDED": 2}, "worst": {
            "hedge": "P.1", "ms": 120.0, "value": 1234567.0, "value_s": 9000.0, "lots": {"A/x": 9, "B/y": 0}, "points": [[0.0, 1234567.0], [120.0, 0.0]]},
    }  # fmt: skip
    return {**told, **more}


def found(*rows, **more):
    pairs = list(dict.fromkeys(each["pair"] for each in rows)) or ["P"]
    far = {"COMEX": {"rtt_ms": 180.0, "jitter_ms": 20.0, "told": True}, "FX": {"rtt_ms": 1.0, "jitter_ms": 0.0, "told": False}}
    return {"pairs": pairs, "covers": {}, "latencies": far, "notes": [], "market": "prices", "seeds": 1, "seconds": 5, "heal_s": 20, "rows": list(rows), "problems": [], **more}


def cells(text):
    return re.findall(r"<t[dh]>(.*?)</t[dh]>", text)


def test_share_is_of_sorted_values_and_short_ends_at_the_colon():
    assert (share([], 0.5), share([1.0, 2.0, 3.0], 0.5), share([1.0, 2.0], 1.0)) == (0.0, 2.0, 2.0)
    assert (short("calm: nothing"), short("拒单:偶有")) == ("calm", "拒单")


def test_page_of_nothing_is_a_page():
    told = {"pairs": ["P"], "covers": {}, "latencies": {}, "notes": ["<b>"], "market": "prices", "seeds": 1, "seconds": 5, "heal_s": 20, "rows": [], "problems": ["x"]}
    for lang in ("en", "zh"):
        text = page(told, lang)
        assert text.startswith("<!doctype html>") and "&lt;b&gt;" in text and "http" not in text


def test_page_tells_what_was_assumed_of_distances_and_exposures():
    told = found(row("C"), covers={"C": {"unit": "t", "qtys": ["103", "62"]}})
    text = page(told, "en")
    assert "COMEX 180+20; FX 1 (assumed)" in cells(text) and "103, 62 t" in cells(text)
    assert "FX 1(假定)" in page(told, "zh") and "Naked is what its exposure wants" in text
    assert "a stock drawn from each seed" in page(found(row("C"), covers={"C": {"unit": "t", "qtys": None}}), "en")


def test_page_leads_with_the_worst_of_each_pair_and_where_it_was():
    calm, storm = row(naked_value=5.0, longest_ms=7.0, naked_value_s=1.0), row(scenario="storm")
    told = cells(page(found(calm, storm), "en"))
    at = told.index("P (CNY)")
    assert told[at : at + 11] == ["P (CNY)", "8", "2", "2", "1,234,567", "storm", "120.0", "storm", "9,876", "storm", "-25"]


def test_pair_that_sent_nothing_never_fired_and_no_plot_breaks():
    idle = row(hedges=0, outcomes={}, orders=0, naked_ms=[], longest_ms=0.0, naked_value=0.0, naked_value_s=0.0, costs=[], worst=None)
    text = page(found(idle), "en")
    assert cells(text).count("never fired") == 2 and "nan" not in text.lower().replace("finance", "")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_problems_are_told_in_the_language_of_the_page(lang):
    text = page(found(row(), problems=["P never fired: it never had prices of all its legs"]), lang)
    assert ("P 从未触发:从未凑齐各腿的价格" in text) == (lang == "zh")
    assert ("it never had prices" in text) == (lang == "en")


@pytest.mark.parametrize(("value", "told"), [(0.0, "0"), (0.049, "0.049"), (2.5, "2.5"), (99.44, "99.4"), (1234.5, "1,234"), (-290.2, "-290")])
def test_amount_is_never_a_nought_that_is_something(value, told):
    assert amount(value) == told
