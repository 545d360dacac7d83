from decimal import Decimal

import msgspec
import pytest

from domain.definitions import NOT_ANNOUNCED, NOT_TRADABLE, differences, why_blocked
from domain.market import Instrument
from wire.instrument import InstrumentDef

OURS = Instrument("SHFE", "SHFE.cu2609", Decimal(10), Decimal(1), Decimal(5), "CNY", offset_mode="octy", max_lots=100)
THEIRS = InstrumentDef(
    symbol="SHFE.cu2609", tick_size="10.0", lot_size="1", multiplier="5", currency="CNY", kind="linear",
    offset_mode="octy", tifs="0349", market_orders=True, tradable=True, min_lots=1, max_lots=500,
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
    ],
)
def test_difference_is_named_with_both_values(changes, field):
    (text,) = differences(OURS, msgspec.structs.replace(THEIRS, **changes))
    assert text.startswith(f"{field}: gateway ")


def test_untraded_and_unannounced_are_told_apart():
    assert why_blocked(OURS, None) == NOT_ANNOUNCED
    assert why_blocked(OURS, msgspec.structs.replace(THEIRS, tradable=False)) == NOT_TRADABLE
