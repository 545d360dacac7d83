"""What the root answers tools itself: shards, configuration, its end.

What the shards know is asked of them (tools/shards_client.py): a root that is
dead or busy keeps nobody from looking, or from a kill.
"""

from __future__ import annotations

import os
from typing import Any

import zmq

from actors.answering import count_arg, page, text_arg
from actors.hedge_show import iso
from actors.inspector import Inspector
from config.flat import tables
from domain.errors import JournalError
from supervisors.root_gateways import EndGateway
from supervisors.spec import Backoff, ChildSpec, SupervisorSpec
from supervisors.tree import supervisor
from system import processes
from system.sockets import check_endpoint, inspection_router
from tools.cli import VERSION
from tools.node_answers import STOP_DEADLINE_MOST_MS, STOP_DEADLINE_MS
from tools.root_changes import RootChanges
from wire.codec import pack
from wire.inspection import MAX_CHANGE_BYTES, MAX_REQUEST_BYTES, NO_SUCH, OPERATE, REFUSED, VIEW, Unanswerable

EDGE_BACKOFF = Backoff(first_ms=100, most_ms=5_000)
LAST_WORDS_MS = 200


class RootAnswers:
    """Both sockets' verbs. Thread: the root's lane."""

    def __init__(self, root: Any, stopper: Any) -> None:
        self.root, self.stopper = root, stopper
        self.changes = RootChanges(root)

    def view(self) -> dict[str, Any]:
        """Verb to function, of the view socket."""
        return {"root": self.status, "config": self.config}

    def operate(self) -> dict[str, Any]:
        """Verb to function, of the operate socket."""
        return {"stop": self.stop, "gateway_restart": self.gateway_restart, **self.changes.table()}

    def status(self, _args: dict[str, Any]) -> dict[str, Any]:
        """The root and each shard."""
        root = self.root
        up_ns = root.clock.mono_ns() - root.started_ns
        return {
            "node": root.config.node.name,
            "state": "stopping" if root.stopping else "running",
            "mode": root.mode,
            "version": VERSION,
            "pid": os.getpid(),
            "epoch": root.journal.node_epoch,
            "started": iso(root.clock.wall_ns() - up_ns),
            "uptime_s": round(up_ns / 1e9, 3),
            "journal": {"last_seq": root.journal.last_seq, "failed": root.journal.broken or root.journal.failed},
            "shards": [self._shard(name) for name in root.rows],
        }

    def _shard(self, name: str) -> dict[str, Any]:
        row = self.root.rows[name]
        told = next(each for each in self.root.config.shard if each.name == name)
        return {
            "shard": name,
            "phase": row.phase,
            "pid": row.pid or None,
            "epoch": row.epoch,
            "restarts": row.restarts,
            "last": row.last,
            "memory_mb": row.memory_mb,
            "max_memory_mb": told.max_memory_mb,
            "cpu_percent": row.cpu_percent,
            "cpus": list(told.cpus),
            "nice": told.nice,
            "silent_ms": row.silent_ms,
            "pairs": sum(shard == name for shard in self.root.places.values()),
        }

    def config(self, args: dict[str, Any]) -> dict[str, Any]:
        """What the root was started with, table by table."""
        found = dict(tables(self.root.config))
        names, after = list(found), args.get("after")
        rest = names[names.index(after) + 1 :] if after in names else names
        rows = page(({"table": name, "settings": found[name]} for name in rest), self.root.clock)
        return {**rows, "sha256": self.root.digest}

    def gateway_restart(self, args: dict[str, Any]) -> dict[str, Any]:
        """One of the root's gateways ended in order; its supervisor starts it anew."""
        venue, operator, reason = text_arg(args, "venue"), text_arg(args, "operator"), text_arg(args, "reason")
        managed = [each.name for each in self.root.config.venue if each.command]
        if venue not in managed:
            raise Unanswerable(NO_SUCH, f"no gateway {venue!r} is started by the root; there are: {', '.join(managed) or 'none'}")
        if args.get("dry_run") is True:
            return {"does": [f"gateway of {venue}: SIGTERM, SIGKILL after its time, then started anew; every shard that trades there reconciles first"]}
        process = processes.adopt(self.root.directory / "gateways" / f"{venue}.pid")
        if process is None:
            raise Unanswerable(REFUSED, f"the gateway of {venue} is being started: ask once more")
        word = {"verb": "gateway_restart", "operator": operator, "reason": reason, "venue": venue, "pid": process.pid}
        try:
            seq = self.root.journal.append("operator", pack(word))
        except JournalError as error:
            raise Unanswerable(REFUSED, str(error)) from None
        self.root.runtime.tell(f"gateway/{venue}", EndGateway())
        return {"seq": seq, "venue": venue, "pid": process.pid}

    def stop(self, args: dict[str, Any]) -> dict[str, Any]:
        """All shards settle and end, then the gateways, then the root."""
        deadline_ms = count_arg(args, "deadline_ms", STOP_DEADLINE_MS, 0, STOP_DEADLINE_MOST_MS)
        operator, reason = text_arg(args, "operator", ""), text_arg(args, "reason", "")
        self.stopper.ask(deadline_ms, operator, reason)
        try:
            seq = self.root.journal.append("operator", pack({"verb": "stop", "operator": operator, "reason": reason, "deadline_ms": deadline_ms}))
        except JournalError:
            seq = 0  # a broken record must not keep the root running
        return {"seq": seq, "in_flight": [f"shard {name}" for name in self.root.living()], "deadline_ms": deadline_ms}


def edge_of(root: Any, stopper: Any) -> tuple[ChildSpec, ...]:
    """The child that answers tools. Raises: ConfigError where sockets can't be."""
    sockets = []
    for name in (VIEW, OPERATE):
        endpoint = f"ipc://{root.directory}/{name}"
        check_endpoint(endpoint, file="configuration", key="node.dir")
        socket = inspection_router(root.context, endpoint, MAX_CHANGE_BYTES if name == OPERATE else MAX_REQUEST_BYTES)
        socket.setsockopt(zmq.LINGER, LAST_WORDS_MS)
        sockets.append(socket)
    root.sockets.extend(sockets)
    answers = RootAnswers(root, stopper)
    inspector = ChildSpec("root/inspector", (Inspector, (tuple(sockets), answers.view(), answers.operate(), answers.changes.beat)))
    return (supervisor("root/edge", SupervisorSpec(children=(inspector,), intensity=None, backoff=EDGE_BACKOFF)),)
