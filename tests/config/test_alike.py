from tomllib import loads

import msgspec

from config.alike import shared
from config.schema import Config

TOML = """
[[instrument]]
venue = "A"
symbol = "X"
tick_size = "0.5"
currency = "USD"
[[instrument]]
venue = "A"
symbol = "Y"
tick_size = "0.5"
lot_size = "0.50"
currency = "USD"
"""


def configured():
    return msgspec.convert(loads(TOML), Config, strict=True)


def test_what_is_alike_to_the_letter_is_kept_once():
    x, y = shared(configured(), {}).instrument
    assert x.tick_size is y.tick_size
    assert x.currency is y.currency
    assert str(y.lot_size) == "0.50"


def test_a_configuration_says_the_same_as_before():
    assert shared(configured(), {}) == configured()


def test_equal_tables_are_one():
    known = {}
    assert shared(configured(), known) is shared(configured(), known)
