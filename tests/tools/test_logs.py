import io

import pytest
from freezegun import freeze_time
from loguru import logger

from tools.logs import log_to


@pytest.fixture
def lines():
    sink = io.StringIO()
    log_to(sink, "info")
    yield lambda: sink.getvalue().splitlines()
    logger.remove()


def test_line_has_date_and_utc_when_midnight_passes(lines):
    with freeze_time("2026-12-31 23:59:59.500") as frozen:
        logger.info("old")
        frozen.tick(1)
        logger.bind(pair="CU03xHGH").warning("new")
    assert lines() == [
        "2026-12-31T23:59:59.500Z INFO old {}",
        "2027-01-01T00:00:00.500Z WARNING new {'pair': 'CU03xHGH'}",
    ]


def test_level_is_kept(lines):
    logger.debug("unseen")
    assert lines() == []
