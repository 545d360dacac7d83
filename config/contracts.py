"""What a tick of a lot is worth, by exchange and product, in its currency.

A contract's sizes are written by hand, and one that is wrong by ten looks
right: this says so. It holds however a price is written (cents or dollars),
for tick x lot x multiplier is money. Specifications change, and these were
written down late in 2026 without each exchange's page at hand: `config check`
notes a difference, and trades by what the gateway announces.
"""

from __future__ import annotations

from decimal import Decimal

from config.schema import Instrument

TICK_WORTH: dict[str, tuple[str, str]] = {
    "SHFE": ("CNY", "cu 50 al 25 zn 25 pb 25 ni 10 sn 10 au 20 ag 15 rb 10 hc 10 ru 50 bu 10 fu 10 sp 20 ss 25 ao 20 br 25"),
    "INE": ("CNY", "sc 100 lu 10 nr 50 bc 50 ec 5"),
    "DCE": ("CNY", "i 50 j 50 jm 30 m 10 y 20 p 20 a 10 b 10 c 10 cs 10 l 5 v 5 pp 5 eg 10 eb 5 jd 10 lh 80 pg 20"),
    "CZCE": ("CNY", "CF 25 SR 10 TA 10 MA 10 FG 20 RM 10 OI 10 SA 20 UR 20 AP 10 SF 10 SM 10 PF 10 PK 10 CJ 25 PX 10 SH 30"),
    "CFFEX": ("CNY", "IF 60 IH 60 IC 40 IM 40 T 50 TF 50 TL 100 TS 40"),
    "GFEX": ("CNY", "si 25 ps 15"),
    "COMEX": ("USD", "GC 10 MGC 1 SI 25 HG 12.5"),
    "NYMEX": ("USD", "CL 10 BZ 10 NG 10"),
    "CBOT": ("USD", "ZC 12.5 ZS 12.5 ZW 12.5 ZM 10 ZL 6"),
    "CME": ("USD", "ES 12.5 NQ 5"),
    "ICE": ("USD", "BRN 10"),
    "LME": ("USD", "CA 12.5 AH 12.5 ZS 12.5 PB 12.5"),
    "SGX": ("USD", "CN 1"),
    "HKEX": ("HKD", "HSI 50 MHI 10"),
}
"""By exchange: its currency, then products with their worth."""


def tick_worth(symbol: str) -> tuple[Decimal, str] | None:
    """(worth, currency) of a tick of a lot: `SHFE.cu2703`; None: not known."""
    exchange, _, contract = symbol.partition(".")
    product = contract.rstrip("0123456789")
    if exchange not in TICK_WORTH:
        return None
    currency, listed = TICK_WORTH[exchange]
    words = listed.split()
    known = dict(zip(words[::2], words[1::2], strict=True))
    if product not in known and exchange not in ("SHFE", "INE", "DCE", "CZCE", "CFFEX", "GFEX"):
        product = product[:-1]  # the month's letter: GCJ27
    return (Decimal(known[product]), currency) if product in known else None


def odd_size(told: Instrument) -> str:
    """What is odd in an instrument's sizes, or ""."""
    known = tick_worth(told.symbol)
    if known is None or told.kind != "linear":
        return ""
    worth = told.tick_size * told.lot_size * told.multiplier
    if worth == known[0] and told.currency == known[1]:
        return ""
    return f"a tick of a lot is then worth {worth.normalize():f} {told.currency}; as it is known here, {known[0]} {known[1]}"
