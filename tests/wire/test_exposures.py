"""Records of an exposure: typed, exact, or refused with what is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import WireError
from domain.exposures import Exposure
from wire.exposures import MAX_BYTES, decode_exposure

GOOD = b'{"version": 12, "qty": "-1250.50", "as_of": "2026-11-30T09:00:00+08:00", "unit": "t", "book": "smelter"}'


def test_record_is_read_exactly_with_its_time_in_utc():
    assert decode_exposure(GOOD, "file") == Exposure(12, "-1250.50", 1796000400 * 10**9, "file", "t", "smelter", "")


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        (b'"-1250.50"', b"-1250.5", "qty"),
        (b'"-1250.50"', b'"NaN"', "finite"),
        (b'"-1250.50"', b'"1e99"', "digits"),
        (b"+08:00", b"", "timezone"),
        (b"12,", b"-1,", "version"),
        (b'"unit"', b'"units"', "units"),
        (b"{", b"[", "file"),
        (GOOD, b" " * (MAX_BYTES + 1), "bytes"),
        (GOOD, b"", "file"),
    ],
)
def test_what_is_no_record_is_refused(was, now, told):
    with pytest.raises(WireError, match=told):
        decode_exposure(GOOD.replace(was, now), "file")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_record_or_a_wire_error(body):
    try:
        decode_exposure(body, "feed")
    except WireError:
        pass
