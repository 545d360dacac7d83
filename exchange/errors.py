"""The exchange's own errors; it knows none of the engine's.

    ExchangeError
    ├── SpecError      an exchange file that can't be used
    ├── TroubleError   a trouble that can't be armed
    ├── Lost           an order or cancel that never reached the venue
    └── Refusal        an order or cancel that the venue refuses, with its codes
"""

from __future__ import annotations


class ExchangeError(Exception):
    """Base of every error that the simulated exchange raises by itself."""


class SpecError(ExchangeError):
    """A setting of the exchange file; says which, and what is allowed."""

    def __init__(self, file: str, key: str, value: object, allowed: str) -> None:
        self.file = file
        self.key = key
        self.value = value
        self.allowed = allowed
        super().__init__(f"{file}: {key} = {value!r}: allowed: {allowed}")


class TroubleError(ExchangeError):
    """A trouble of no known kind, or with values that it doesn't take."""


class Lost(ExchangeError):
    """What was sent is gone on its way: nobody is told (a trouble)."""


class Refusal(ExchangeError):
    """FIX's reason, the venue's own number, and words."""

    def __init__(self, reason: int, code: int, text: str) -> None:
        self.reason = reason
        self.code = code
        self.text = text
        super().__init__(f"{code}: {text}")
