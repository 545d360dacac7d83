"""Gateways that the node starts: when one ends, and starts again."""

from __future__ import annotations

from typing import Any

from actors.controls import KIND as OPERATOR
from actors.deaths import Cause, Reason
from wire.codec import pack

GATEWAYS = "node/gateways"


class ManagedGateways:
    """Thread: the lane's, but for `ends` and `wait_ns`: the gateway's own."""

    def __init__(self, node: Any) -> None:
        self.node = node
        self._ending: set[str] = set()

    def ends(self, venue: str) -> bool:
        """Whether a stop of the actor is one of its process too: the node's, or a restart."""
        if venue in self._ending:
            self._ending.discard(venue)
            return True
        return self.node.desk.stopping

    def wait_ns(self, venue: str) -> int:
        """How long a start of the process waits for the venue's reconnect budget."""
        return self.node.desk.links[venue].reconnects.take(self.node.clock.mono_ns())

    def why_no_restart(self, venue: str) -> str:
        """Why it can't be restarted now, "" where it can."""
        told = next((each for each in self.node.config.venue if each.name == venue), None)
        if told is None:
            return f"no venue {venue!r}; there are: {', '.join(self.node.desk.links)}"
        if not told.command:
            return f"the gateway of {venue} was not started by this node: restart it where it runs"
        supervisor = self.node.actor(GATEWAYS)
        if supervisor is None or self.node.actor(f"gateway/{venue}") is None:
            return f"the gateway of {venue} is being started: ask once more"
        return supervisor.why_no_restart(f"gateway/{venue}")

    def lines(self, venue: str) -> list[str]:
        """What is at stake there."""
        found = [f"gateway of {venue}: SIGTERM, SIGKILL after its time, then started anew; orders there are in doubt until it answers"]
        for name, pair in self.node.pairs().items():
            hedge = pair.hedge
            live = [] if hedge is None else [o.cl_ord_id for leg in hedge.legs if leg.plan.venue == venue for o in leg.orders if o.live]
            if live:
                found.append(f"{name}: {hedge.hedge_id} is {hedge.status}, live there: {' '.join(live)}")
        return found[:64]

    def restart(self, venue: str, operator: str, reason: str) -> dict[str, Any]:
        """Record it, and have its supervisor do it. Raises: JournalError."""
        word = {"actor": GATEWAYS, "verb": "gateway restart", "venue": venue, "operator": operator, "reason": reason}
        seq = self.node.journal.append(OPERATOR, pack(word))
        self._ending.add(venue)
        why = self.node.actor(GATEWAYS).restart_child(f"gateway/{venue}", Reason(Cause.OPERATOR, note=f"{operator}: {reason}"))
        if why:
            self._ending.discard(venue)
            return {"error": why}
        return {"seq": seq, "venue": venue}
