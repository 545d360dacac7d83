"""The node's edge: what tools talk to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from actors.inspector import Inspector
from actors.observer import Observer, Watching
from actors.sampling import EVERY_NS as SAMPLE_NS
from actors.service import ServiceBeat
from supervisors.spec import Backoff, ChildSpec, SupervisorSpec
from supervisors.tree import supervisor
from system.sockets import check_endpoint, inspection_router
from tools.node_actor_words import ActorWords
from tools.node_answers import Looks
from tools.node_observe import Observes
from tools.node_words import Words
from tools.tally import BEAT_NS
from wire.inspection import MAX_CHANGE_BYTES, MAX_REQUEST_BYTES, OBSERVE, OPERATE, VIEW

EDGE_BACKOFF = Backoff(first_ms=100, most_ms=5_000)
LAST_WORDS_MS = 200
"""How long the end of the node waits for its last answer to leave."""


def service_of(node: Any) -> tuple[ChildSpec, ...]:
    """Who tells the service manager that the lane lives, where one waits for it."""
    service = node.service
    return (ChildSpec("node/service", (ServiceBeat, (service.beat, service.beat_ns))),) if service.beat_ns else ()


def edge_of(node: Any, stopper: Any) -> tuple[ChildSpec, ...]:
    """The children that answer tools; their crashes are their own.

    Raises: ConfigError where the node's directory can't hold sockets.
    """
    import zmq

    sockets = []
    for name in (VIEW, OPERATE, OBSERVE):
        endpoint = f"ipc://{node.directory}/{name}"
        check_endpoint(endpoint, file="configuration", key="node.dir")
        socket = inspection_router(node.context, endpoint, MAX_CHANGE_BYTES if name == OPERATE else MAX_REQUEST_BYTES)
        socket.setsockopt(zmq.LINGER, LAST_WORDS_MS)
        sockets.append(socket)
    node.sockets.extend(sockets)
    looks, words = Looks(node, stopper), Words(node, stopper)
    view = {**looks.table(), "modes": words.modes}
    operate = {**words.table(), **ActorWords(node).table()}
    start = (Inspector, (tuple(sockets[:2]), view, operate, _beat(node, looks.beat, operate), BEAT_NS))
    observes = Observes(node)
    watching = Watching(sockets[2], observes.table(), node.clock, observes.beat, SAMPLE_NS)
    node.closing.append(watching.end)
    children = (ChildSpec("node/inspector", start), ChildSpec("node/observer", (Observer, (watching,))))
    spec = SupervisorSpec(children=children, intensity=None, backoff=EDGE_BACKOFF)
    return (supervisor("node/edge", spec),)


def _beat(node: Any, beat: Callable[[], None], operate: Mapping[str, Any]) -> Callable[[], None]:
    """What is done at each beat: in a shard, also words that were left for it."""
    if not node.config.shard:
        return beat
    from tools.left_words import take

    def both() -> None:
        take(node.directory, operate, node.runtime.log)
        beat()

    return both
