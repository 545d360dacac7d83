import pytest

from actors.session_show import show_session
from domain.opening import OpenHours
from domain.units import NS_PER_S
from tests.domain.test_opening import HORIZON, HOURS, ns


@pytest.mark.parametrize(("before_ns", "opens_in_s"), [(90 * NS_PER_S, 90), (NS_PER_S // 2, 0)])
def test_session_says_which_side_opens_last_to_its_very_end(before_ns, opens_in_s):
    hours, at_ns = OpenHours([("L0", HOURS)], HORIZON), ns(13) - before_ns
    shown = show_session(hours, at_ns, hours.why_not(at_ns))
    assert shown["side"] == ("domestic" if HOURS.domestic else "overseas")
    assert (shown["opens"], shown["opens_in_s"]) == ("2026-11-30 13:00 UTC", opens_in_s)
