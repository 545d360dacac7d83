"""Shards' answers as one: sums, rows with their shard, and who is away."""

from tools.board_text import venues_text
from tools.shards_merge import merged_positions, merged_status

PLACES = {"P": "a", "Q": "a", "R": "b"}


def answer(**more):
    return {
        "node": "n.a", "state": "running", "mode": "live", "version": "1", "pid": 7, "epoch": 70, "started": "2026-01-02", "uptime_s": 5.0,
        "in_flight": ["P"], "naked_qty": 2, "kills": ["block all"], "hedges": {"done": 3, "none": 1}, "profit": {"CNY": "1.5", "USD": None},
        "venues": [{"venue": "A", "stage": "OPEN"}], "calendars": [{"calendar": "china", "phase": "open"}], "accounts": [{"venue": "A", "available": "1"}],
        "journal": {"last_seq": 10, "failed": "", "state": "WELL"}, "lane": {"laps": 1, "dead_letters": 1}, **more,
    }  # fmt: skip


ROOT = {
    "node": "n", "state": "running", "mode": "live", "version": "1", "pid": 1, "epoch": 5, "started": "2026-01-01", "uptime_s": 9.0,
    "journal": {"last_seq": 4, "failed": ""}, "shards": [{"shard": "b", "phase": "starting", "restarts": 2}, {"shard": "a", "phase": "running", "restarts": 0}],
}  # fmt: skip


def test_sums_are_of_all_and_rows_say_their_shard():
    other = answer(in_flight=[], naked_qty=0, kills=[], hedges={"done": 1, "none": 0}, profit={"CNY": "2"}, calendars=[{"calendar": "china", "phase": "open"}])
    told = merged_status(ROOT, {"a": answer(), "b": other}, {}, PLACES)
    assert (told["node"], told["pid"], told["pairs"], told["naked_qty"], told["in_flight"]) == ("n", 1, 3, 2, ["P"])
    assert told["hedges"] == {"done": 4, "none": 1}
    assert told["profit"] == {"CNY": "3.5", "USD": None}
    assert told["journal"] == {"last_seq": 24, "failed": "", "state": "WELL"}
    assert [(row["venue"], row["shard"]) for row in told["venues"]] == [("A", "a"), ("A", "b")]
    assert len(told["calendars"]) == 1
    assert told["kills"] == ["block all (a)"]
    assert [(row["shard"], row["pairs"], row["restarts"]) for row in told["shards"]] == [("a", 2, 0), ("b", 1, 2)]


def test_what_a_shard_that_is_away_has_open_counts_by_its_journal():
    on_record = {"in_flight": ["R"], "naked_qty": 5, "pid": 9, "epoch": 80}
    told = merged_status(ROOT, {"a": answer()}, {"b": on_record}, PLACES)
    assert (told["naked_qty"], told["in_flight"]) == (7, ["P", "R"])
    (row,) = [row for row in told["shards"] if row["shard"] == "b"]
    assert (row["phase"], row["naked_qty"], row["in_flight"]) == ("starting", 5, 1)


def test_without_a_root_the_shards_tell_all_the_same():
    told = merged_status(None, {"a": answer(), "b": answer(node="n.b")}, {}, PLACES)
    assert (told["node"], told["state"], told["pid"], told["started"]) == ("n", "root away", None, "2026-01-02")
    assert [row["phase"] for row in told["shards"]] == ["running", "running"]


def test_without_any_shard_the_root_tells_what_it_sees():
    told = merged_status(ROOT, {}, {"a": {}, "b": {}}, PLACES)
    assert (told["naked_qty"], told["mode"], [row["naked_qty"] for row in told["shards"]]) == (0, "live", [None, None])


def row(place, shard, pair=None, **more):
    venue, symbol = place.split("/")
    return {"place": place if pair is None else f"{place}/{pair}/0", "venue": venue, "symbol": symbol, "pair": pair, "shard": shard, **more}


def test_a_symbol_is_told_once_by_the_shard_that_trades_it():
    a = [row("V/X", "a", long=3), row("V/X", "a", "P", long=3), row("V/Y", "a", long=0), row("V/Z", "a", long=0)]
    b = [row("V/X", "b", long=0), row("V/Y", "b", long=4), row("V/Y", "b", "R", long=4), row("V/Z", "b", long=0)]
    found = [(each["place"], each["shard"], each["long"]) for each in merged_positions([a, b])]
    assert found == [("V/X", "a", 3), ("V/X/P/0", "a", 3), ("V/Y", "b", 4), ("V/Y/R/0", "b", 4), ("V/Z", "a", 0)]


def test_venues_of_shards_are_told_once_where_all_say_the_same():
    venues = [{"venue": name, "stage": stage, "why": "", "shard": shard} for name, stage, shard in (("A", "OPEN", "m"), ("B", "OPEN", "m"), ("A", "OPEN", "r"), ("B", "SYNCING", "r"))]
    assert venues_text({"venues": venues}, str) == "A OPEN  B OPEN m  B SYNCING r"
