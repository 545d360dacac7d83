from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateways.adapter import VenueOrder
from gateways.replay.account import Terms
from gateways.replay.adapter import MAX_ROWS_A_TURN, ReplayAdapter
from gateways.replay.pacing import Start
from gateways.replay.reader import COLUMNS
from gateways.replay.settings import Played, Settings
from gateways.replay.truth import OrderTraded, read_truth
from wire.instrument import InstrumentDef

T0, WALL, MS = 1_723_161_255_000_000_000, 1_900_000_000_000_000_000, 1_000_000
AHEAD_MS = 1_250
SYMBOL = "BINANCE.BTCUSDT"
SPOT = InstrumentDef(
    symbol=SYMBOL, tick_size="0.01", lot_size="0.00001", multiplier="1", currency="USDT", kind="spot",
    offset_mode="net", tifs="034", market_orders=False, tradable=True, fee_rate_open="0.001",
)  # fmt: skip


class FakeClock:
    def __init__(self) -> None:
        self.ns = 0

    def mono_ns(self) -> int:
        return 77 + self.ns

    def wall_ns(self) -> int:
        return WALL + self.ns


class FakeSink:
    """Keeps every call as (name, arguments)."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple]] = []

    def __getattr__(self, name: str):
        return lambda *args: self.calls.append((name, args))

    def of(self, name: str) -> list[tuple]:
        return [args for called, args in self.calls if called == name]


def recording(folder: Path, rows: int = 40) -> Path:
    """A quote each 100 ms, its ask one tick higher each time; bid 99.99."""
    lines = [",".join(COLUMNS)]
    for number in range(rows):
        recv_ns = T0 + number * 100 * MS
        exch_ms = recv_ns // MS + AHEAD_MS
        lines.append(f"{recv_ns},{exch_ms},quote,99.99,0.001,{100 + Decimal(number) / 100},0.00{1 + number % 9},,")
    path = folder / "spot.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


class Played10:
    """An adapter that plays ten times faster, on a clock of the test's."""

    def __init__(self, folder: Path, rows: int = 40) -> None:
        self._begin(folder, recording(folder, rows))

    @classmethod
    def again(cls, folder: Path) -> "Played10":
        """On the recording as it lies there."""
        made = cls.__new__(cls)
        Played10._begin(made, folder, folder / "spot.csv")
        return made

    def _begin(self, folder: Path, path: Path) -> None:
        played = Played(Terms(SPOT, inventory=1_000), path)
        self.truth = folder / "truth.log"
        self.settings = Settings("BINANCE_SPOT", (played,), Start(T0, WALL, 10), self.truth, Decimal(10**6))
        self.clock, self.sink = FakeClock(), FakeSink()
        self.adapter = ReplayAdapter(self.settings, self.clock)
        self.adapter.start(self.sink)

    def at(self, recorded_ms: int) -> int | None:
        self.clock.ns = recorded_ms * MS // 10
        return self.adapter.turn()

    def order(self, side: str, qty: int, px: int, tif: str = "3") -> VenueOrder:
        order = VenueOrder(self.adapter.next_venue_ref(), SYMBOL, side, qty, px, tif, "N")
        assert self.adapter.submit(order) is None
        return order


@pytest.fixture
def played(tmp_path):
    found = Played10(tmp_path)
    yield found
    found.adapter.stop()


def test_adapter_tells_nothing_before_its_turn_then_session_status_and_book(played):
    assert played.sink.calls == []
    played.at(0)
    assert [name for name, _ in played.sink.calls] == ["on_session", "on_status", "on_status", "on_book"]
    assert played.sink.of("on_session")[0][:2] == (True, "20240808")
    assert [args[1] for args in played.sink.of("on_status")] == [18, 17]


def test_adapter_plays_what_is_due_and_says_when_more_is(played):
    assert played.at(250) == 77 + 30 * MS
    assert len(played.sink.of("on_book")) == 3


def test_adapter_passes_on_the_exchange_clock_as_far_off_as_it_was(played):
    played.at(100)
    assert [args[1] for args in played.sink.of("on_book")] == [WALL + AHEAD_MS * MS, WALL + (10 + AHEAD_MS) * MS]


def test_adapter_that_was_held_up_plays_all_in_turns_that_are_bounded(tmp_path):
    played = Played10(tmp_path, rows=25)
    played.at(60_000)
    assert len(played.sink.of("on_book")) == MAX_ROWS_A_TURN
    played.adapter.turn()
    assert len(played.sink.of("on_book")) == 25
    played.adapter.stop()


def test_order_trades_on_the_book_as_it_stood_and_is_told_in_the_next_turn(played):
    played.at(0)
    order = played.order("1", 100, 10_000)
    assert played.sink.of("on_order") == []
    played.at(100)
    assert [(state.ord_status, state.cum_qty) for (state,) in played.sink.of("on_order")] == [("0", 0), ("2", 100)]
    (trade,) = played.sink.of("on_trade")[0]
    assert (trade.venue_ref, trade.qty, trade.px, trade.fee_currency) == (order.venue_ref, 100, 10_000, "USDT")


def test_cancel_ends_what_works_and_is_refused_afterwards(played):
    played.at(0)
    order = played.order("1", 5, 9_000, "0")
    for ref in ("x1", "x2"):
        played.adapter.cancel(order, ref)
    played.at(0)
    assert played.sink.of("on_order")[-1][0].ord_status == "4"
    assert [(refused.cancel_ref, refused.reason) for (refused,) in played.sink.of("on_cancel_refused")] == [("x2", 0)]


@pytest.mark.parametrize(("scope", "told"), [("day", ["2", "0"]), ("one", ["2"])])
def test_query_is_answered_by_trades_states_and_an_end(played, scope, told):
    played.at(0)
    filled = played.order("1", 100, 10_000)
    played.order("1", 5, 9_000, "0")
    played.at(0)
    played.sink.calls.clear()
    played.adapter.query_orders("q", scope, filled if scope == "one" else None, "20240808")
    played.at(0)
    assert [state.ord_status for (state,) in played.sink.of("on_order")] == told
    assert len(played.sink.of("on_trade")) == told.count("2")
    assert played.sink.calls[-1] == ("on_query_end", ("q", True))


def test_query_for_an_order_that_never_came_ends_without_it(played):
    played.at(0)
    played.adapter.query_orders("q", "one", VenueOrder("other-1", SYMBOL, "1", 1, 1, "3", "N"), "20240808")
    played.at(0)
    assert played.sink.of("on_order") == []
    assert played.sink.of("on_query_end") == [("q", True)]


def test_adapter_started_again_tells_the_earlier_life_before_its_session(tmp_path):
    first = Played10(tmp_path)
    first.at(0)
    first.order("1", 100, 10_000)
    first.order("1", 5, 9_000, "0")
    first.at(0)
    first.adapter.stop()
    again = Played10(tmp_path)
    again.at(0)
    assert [name for name, _ in again.sink.calls[:4]] == ["on_trade", "on_order", "on_order", "on_session"]
    assert [state.ord_status for (state,) in again.sink.of("on_order")] == ["2", "4"]
    again.adapter.stop()


def test_positions_hold_the_inventory_and_what_was_traded(played):
    played.at(0)
    played.order("2", 40, 9_999)
    played.order("2", 10, 12_000, "0")
    played.adapter.query_positions("p")
    played.at(0)
    req_id, (row,), asof_ns = played.sink.of("on_positions")[0]
    assert (req_id, row.long_qty, row.short_qty, row.long_free, asof_ns) == ("p", 960, 0, 950, WALL)


def test_collateral_is_the_account_at_the_last_mids(played):
    played.at(0)
    played.adapter.query_collateral("c")
    played.at(0)
    (row,) = played.sink.of("on_collateral")[0][1]
    assert (row.currency, Decimal(row.equity), row.fees) == ("USDT", Decimal("1000000.9999"), "0")


def test_end_of_the_recording_closes_the_market_and_the_adapter_stays(played):
    played.at(0)
    played.order("1", 5, 9_000, "0")
    assert [played.at(10_000) is None for _ in range(3)] == [False, False, True]
    assert played.sink.of("on_order")[-1][0].ord_status == "C"
    assert played.sink.of("on_status")[-1] == (SYMBOL, 18)
    played.order("1", 5, 10_100)
    played.at(10_100)
    assert (played.sink.of("on_order")[-1][0].ord_status, played.sink.of("on_order")[-1][0].reason) == ("8", 2)
    assert len(played.sink.of("on_status")) == 3


def test_truth_of_a_whole_run_is_what_the_sink_was_told(played):
    for number in range(40):
        played.at(number * 100)
        played.order("1" if number % 2 else "2", 30, 10_200 if number % 2 else 9_900, "034"[number % 3])
    played.at(10_000)
    told = {(trade.exec_id, trade.order_id, trade.qty, trade.px) for (trade,) in played.sink.of("on_trade")}
    written = [record for record in read_truth(played.truth) if isinstance(record, OrderTraded)]
    assert len(written) > 20
    assert told == {(record.exec_id, record.order_id, record.qty, record.px) for record in written}


def test_row_of_another_day_begins_it_and_day_orders_end_before(tmp_path):
    midnight = 1_723_161_600_000_000_000
    played = Played10(tmp_path, rows=3)
    path = tmp_path / "spot.csv"
    late = "".join(f"\n{midnight + at * MS},,quote,99.99,0.001,100,0.001,," for at in (-1, 0, 5, 200_000))
    path.write_text(path.read_text(encoding="utf-8") + late, encoding="utf-8")
    played.adapter.stop()
    played = Played10.again(tmp_path)
    played.at(0)
    order = played.order("1", 100, 9_990, "0")
    played.at((midnight - T0) // MS - 1)
    assert played.sink.of("on_new_day") == []
    played.at((midnight - T0) // MS + 300_000)
    names = [(name, getattr(args[0], "ord_status", args[0])) for name, args in played.sink.calls if name in ("on_order", "on_new_day")]
    assert names == [("on_order", "0"), ("on_order", "C"), ("on_new_day", "20240809")]
    assert played.adapter.trading_day == "20240809"
    assert order.venue_ref == played.sink.of("on_order")[-1][0].venue_ref
    played.adapter.stop()


def test_row_between_sessions_begins_no_day(tmp_path):
    played = Played10(tmp_path, rows=3)
    played.adapter._settings = replace(played.settings, day_of=lambda _ns: ("20300101", False))
    played.at(10_000)
    assert played.sink.of("on_new_day") == []
    played.adapter.stop()
