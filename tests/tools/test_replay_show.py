"""A replay's result on a screen."""

from tools.output import Output
from tools.replay_show import hedge_row

TOLD = {"hedge": "A.1", "state": "DONE", "orders_sent": 3, "repairs": ["replenish", "rollback"]}


def test_hedge_tells_its_repairs_in_words_of_the_screens_language():
    assert hedge_row(Output(), TOLD) == {"hedge": "A.1", "state": "DONE", "orders": 3, "repair": "replenish rollback"}
    assert hedge_row(Output(lang="zh"), TOLD)["repair"] == "补单 回退"
    assert hedge_row(Output(), {**TOLD, "repairs": []})["repair"] is None
