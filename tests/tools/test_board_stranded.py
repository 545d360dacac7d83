"""A STRANDED hedge on the board: what is next, and what to type."""

from tools.board_table import reason_of
from tools.board_text import row_of
from tools.output import Output
from tools.status_rows import pair_row

STRANDED = {
    "state": "STRANDED", "naked_qty": 2, "naked_ms": 1_234, "stranded_why": "REFUSED",
    "next": "tried again by itself once its cause has gone", "to_type": ["./hedgerow hedge retry AxB.1.5 --reason WHY"],
}  # fmt: skip


def test_row_of_a_stranded_hedge_says_what_is_next_and_what_to_type():
    told = {"pair": "AxB", "state": "CLOSING", "hedge": STRANDED, "held": "SUSPENDED pair: PAUSED"}
    assert row_of(told).reason == "REFUSED: tried again by itself once its cause has gone; ./hedgerow hedge retry AxB.1.5 --reason WHY"
    assert reason_of(told, Output(lang="zh").word) == pair_row(Output(lang="zh"), told)["reason"] == "连续被拒: 原因消失后自动再试; ./hedgerow hedge retry AxB.1.5 --reason WHY"
