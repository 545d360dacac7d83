"""What the kernel knows of its own clock: whether it is kept, how well.

Source: adjtimex(2), Linux; the structure is `struct timex`.
"""

from __future__ import annotations

import ctypes
from typing import NamedTuple

STA_UNSYNC = 0x0040
TIME_ERROR = 5


class _Timex(ctypes.Structure):
    _fields_ = (
        ("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long), ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long), ("status", ctypes.c_int), ("constant", ctypes.c_long), ("rest", ctypes.c_char * 256),
    )  # fmt: skip


class KernelClock(NamedTuple):
    """Units: us. `max_error_us`: what the kernel promises not to be off by."""

    is_kept: bool
    max_error_us: int


def kernel_clock() -> KernelClock | None:
    """The kernel's word; None where it has none, or may not be asked."""
    told = _Timex()  # modes 0: asks, sets nothing
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(told))
    except (AttributeError, OSError):
        return None
    if state < 0:
        return None
    return KernelClock(state != TIME_ERROR and not told.status & STA_UNSYNC, told.maxerror)
