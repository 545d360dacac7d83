"""Statements of several shards: a venue's days summed, balances over the sums."""

from domain.statement import statement
from tools.shards_statement import merged


def row(day, shard, variation="10.00", fees="1.00", **more):
    told = {"venue": "V", "currency": "CNY", "day": day, "opening": "0.00", "trades": 2, "variation": variation, "fees": fees, "closing": None, "settled": True}
    return told | {"symbols": [{"symbol": shard}], "place": f"V/CNY/{day}", "venue_equity": None, "elsewhere": None, "shard": shard} | more


def test_days_are_summed_and_balances_run_over_them():
    answers = [[row("1", "a"), row("2", "a", variation="-4.00", venue_equity="120.00")], [row("1", "b", settled=False), row("2", "b")]]
    first, last = merged(answers, "V\tCNY\t100")
    assert (first["opening"], first["variation"], first["fees"], first["closing"], first["trades"], first["settled"]) == ("100.00", "20.00", "2.00", "118.00", 4, False)
    assert ([each["symbol"] for each in first["symbols"]], first["shard"], first["venue_equity"]) == (["a", "b"], "a b", None)
    assert (last["opening"], last["closing"], last["venue_equity"], last["elsewhere"]) == ("118.00", "122.00", "120.00", "-2.00")


def test_what_one_shard_does_not_know_nobody_knows_from_then_on():
    first, last = merged([[row("1", "a", variation=None), row("2", "a")], [row("1", "b"), row("2", "b")]])
    assert (first["variation"], first["closing"], last["opening"], last["closing"]) == (None, None, None, None)


def test_an_equity_of_an_earlier_day_is_held_against_the_last():
    rows = merged([[row("1", "a", venue_equity="30.00")], [row("1", "b"), row("2", "b")]])
    assert [each["venue_equity"] for each in rows] == [None, "30.00"]
    assert rows[-1]["elsewhere"] == "3.00"


def test_a_day_on_which_another_shard_traded_is_told_of_nothing_held():
    assert statement([], {}, {}, {}, [("V", "1")]) == []
