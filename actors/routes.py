"""Who owns which order at one venue, for as long as late truth may come.

A claim lives to the end of the trading day after its own, so that a fill which
comes late still finds its hedge; then it is dropped, and what comes later is a
stray. Bounded by that and by a count.
"""

from __future__ import annotations

from collections.abc import Callable

MAX_CLAIMS = 500_000
MAX_REFS = 8192


def _nobody(_cl_ord_id: str) -> str:
    return ""


class Routes:
    """cl_ord_id -> owner's name; ids of cancels and queries -> cl_ord_id.

    `resolve` names the owner of an id that nobody claimed since the start (one
    from before it), or "".
    """

    def __init__(self, resolve: Callable[[str], str] = _nobody) -> None:
        self._resolve = resolve
        self._day: dict[str, str] = {}
        self._day_before: dict[str, str] = {}
        self._refs: dict[str, str] = {}

    def claim(self, cl_ord_id: str, owner: str) -> None:
        """Reports of this order go to `owner` from now on."""
        self._day[cl_ord_id] = owner
        if len(self._day) > MAX_CLAIMS:
            del self._day[next(iter(self._day))]

    def owner(self, cl_ord_id: str | None) -> str:
        """The owner's name, "" where there is none."""
        if cl_ord_id is None:
            return ""
        return self._day.get(cl_ord_id) or self._day_before.get(cl_ord_id) or self._resolve(cl_ord_id)

    def disown(self, owners: frozenset[str]) -> None:
        """Nobody bears these names any more: what comes for them is a stray."""
        for claims in (self._day, self._day_before):
            for cl_ord_id in [each for each, owner in claims.items() if owner in owners]:
                del claims[cl_ord_id]

    def refer(self, ref_id: str, cl_ord_id: str) -> None:
        """`ref_id` (a cancel's or a query's id) is about `cl_ord_id`."""
        self._refs[ref_id] = cl_ord_id
        if len(self._refs) > MAX_REFS:
            del self._refs[next(iter(self._refs))]

    def about(self, ref_id: str) -> str:
        """The order that an id is about: itself, where it is an order's."""
        return self._refs.get(ref_id, ref_id)

    def new_day(self) -> None:
        """A trading day began: claims older than the last one go."""
        self._day_before = self._day
        self._day = {}

    def __len__(self) -> int:
        return len(self._day) + len(self._day_before)
