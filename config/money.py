"""Codes of money: which there are, and about what they are worth.

The worths are of late 2026 and rough: they tell a rate that is written the
wrong way round, or of another currency, from one that is right.
Source: ISO 4217, list one.
"""

from __future__ import annotations

import re
from decimal import Decimal

_CODE = re.compile(r"[A-Z][A-Z0-9]{2,9}\Z")

NO_MONEY = frozenset(("XXX", "XTS"))
"""ISO's codes for none, and for tests."""

ISO = frozenset(
    ["AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BHD", "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VED", "VES", "VND", "VUV", "WST", "XAF", "XAG", "XAU", "XCD", "XOF", "XPD", "XPF", "XPT", "YER", "ZAR", "ZMW", "ZWG"]
)
COMMON = frozenset(["CNH", "USDT", "USDC", "BTC", "ETH", "SOL", "BNB", "XRP", "DOGE", "LTC", "BCH", "ADA", "DAI", "FDUSD", "EURC"])
"""Offshore yuan, and coins that contracts are settled in."""
KNOWN = ISO | COMMON

IN_USD = {
    name: Decimal(worth)
    for name, worth in {
        "USD": "1", "USDT": "1", "USDC": "1", "CNY": "0.14", "CNH": "0.14", "HKD": "0.128", "EUR": "1.15", "GBP": "1.33", "JPY": "0.0066", "SGD": "0.77",
        "AUD": "0.66", "CAD": "0.72", "CHF": "1.24", "TWD": "0.032", "KRW": "0.0007", "INR": "0.0115",
    }.items()
}  # fmt: skip
"""About what 1 of it is in US dollars."""
APART = Decimal("1.5")
"""Farther than so many times from it, a rate is not of these two."""


def is_code(text: str) -> bool:
    """Whether it could be a currency's or an asset's code."""
    return _CODE.match(text) is not None


def plausible(one: str, other: str) -> tuple[Decimal, Decimal] | None:
    """Between what bounds 1 of a currency is in another; None: not known."""
    if one not in IN_USD or other not in IN_USD:
        return None
    worth = IN_USD[one] / IN_USD[other]
    return worth / APART, worth * APART
