from decimal import Decimal

import msgspec
import pytest

from domain.definitions import NOT_ANNOUNCED, NOT_TRADABLE, differences, why_blocked
from domain.market import Instrument
from wire.instrument import InstrumentDef

OURS = Instrument(
    "SHFE", "SHFE.cu2609", Decimal(10), Decimal(1), Decimal(5), "CNY", offset_mode="octy", max_lots=100,
    expiry="20260916", last_open_day="20260915", margin_rate_long=Decimal("0.10"),
)  # fmt: skip
THEIRS = InstrumentDef(
    symbol="SHFE.cu2609", tick_size="10.0", lot_size="1", multiplier="5", currency="CNY", kind="linear",
    offset_mode="octy", tifs="0349", market_orders=True, tradable=True, min_lots=1, max_lots=500,
    expiry="20260916", last_open_day="20260915", margin_rate_long="0.1",
)  # fmt: skip


def test_same_values_written_otherwise_do_not_differ():
    assert differences(OURS, THEIRS) == []
    assert why_blocked(OURS, THEIRS) == ""


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"tick_size": "5"}, "tick_size"),
        ({"lot_size": "10"}, "lot_size"),
        ({"multiplier": "1"}, "multiplier"),
        ({"currency": "USD"}, "currency"),
        ({"kind": "inverse"}, "kind"),
        ({"offset_mode": "net"}, "offset_mode"),
        ({"tifs": "0"}, "tifs"),
        ({"min_lots": 2}, "min_lots"),
        ({"max_lots": 50}, "max_lots"),
        ({"expiry": "20260915"}, "expiry"),
        ({"last_open_day": "20260801"}, "last_open_day"),
        ({"margin_rate_long": "0.12"}, "margin_rate_long"),
    ],
)
def test_difference_is_named_with_both_values(changes, field):
    (text,) = differences(OURS, msgspec.structs.replace(THEIRS, **changes))
    assert text.startswith(f"{field}: gateway ")


def test_untraded_and_unannounced_are_told_apart():
    assert why_blocked(OURS, None) == NOT_ANNOUNCED
    assert why_blocked(OURS, msgspec.structs.replace(THEIRS, tradable=False)) == NOT_TRADABLE


def test_what_one_side_does_not_say_does_not_differ():
    silent = msgspec.structs.replace(THEIRS, expiry=None, last_open_day=None, margin_rate_long=None)
    assert differences(OURS, silent) == []
    assert differences(Instrument("V", "V.X", Decimal(10), Decimal(1), Decimal(5), "CNY", offset_mode="octy"), THEIRS) == []
