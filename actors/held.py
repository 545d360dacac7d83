"""What a suspended actor's mailbox has for an executor.

It stands in front of the real one: a mailbox whose executor is not the one that
gives it a turn is looked at more closely (`Executor.turn`), so that those who
are not suspended pay nothing for it. The control lane is served all the same:
kills, stops and restarts reach whoever is suspended. All else waits within the
mailbox's bounds.
"""

from __future__ import annotations

from typing import Any


class Held:
    """`executor`: the real one; `until_ns`: monotonic, when this ends by itself."""

    def __init__(self, executor: Any, until_ns: int) -> None:
        self.executor = executor
        self.until_ns = until_ns

    def __getattr__(self, name: str) -> Any:
        """Whatever is not about turns is the real one's business."""
        return getattr(self.executor, name)
