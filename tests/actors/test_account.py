"""What the account tells people: each thing once a while, and one does not hide another."""

from types import SimpleNamespace

from actors.account import SAME_ALERT_NS, Account
from domain.reports import OrderReport
from domain.venue_news import StrayReport, VenueTrouble


class Told:
    """An account whose alerts are kept, on a clock that is set."""

    def __init__(self):
        self.now_ns, self.codes = 10**12, []
        self.account = object.__new__(Account)
        self.account.clock = SimpleNamespace(mono_ns=lambda: self.now_ns)
        self.account.desk = SimpleNamespace(alert=lambda _severity, code, **told: self.codes.append((code, told["venue"])), retired={})
        self.account._told = {}

    def stray(self, venue, ref):
        self.account.on_stray(StrayReport(OrderReport(venue, 1, 0, "8", ref, "0", "0", 0, None, 0, 3)))


def test_stray_order_is_told_once_a_while_and_another_one_at_once():
    told = Told()
    for venue, ref in (("A", "x.1.1.0h1"), ("A", "x.1.1.0h1"), ("A", "x.1.2.0h1"), ("B", "x.1.1.0h1")):
        told.stray(venue, ref)
    assert told.codes == [("STRAY_ORDER", "A"), ("STRAY_ORDER", "A"), ("STRAY_ORDER", "B")]
    told.now_ns += SAME_ALERT_NS
    told.stray("A", "x.1.1.0h1")
    assert len(told.codes) == 4


def test_trouble_of_one_venue_does_not_hide_anothers():
    told = Told()
    for venue in ("A", "B", "A"):
        told.account.on_trouble(VenueTrouble(venue, "ORDER_SILENT", f"{venue}: silent"))
    assert told.codes == [("ORDER_SILENT", "A"), ("ORDER_SILENT", "B")]
