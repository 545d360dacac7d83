"""A tool's side of the inspection sockets: ask, wait, give up in time."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tools.errors import FINE, NOT_CONNECTED, NotConnected, Refused, ToolError, UsageError

ASK_TIMEOUT_MS = 2_000
CONNECT_TIMEOUT_MS = 1_000
CONFIG_FILE = "hedgerow.toml"
MAX_PAGES = 10_000
OBSERVE = "observe"
"""The socket that answers about actors, also while the node's lane hangs."""


class Absent(ToolError):
    """What was asked about does not exist there."""


class Client:
    """Asks one of a node's inspection sockets, one question at a time.

    Raises: NotConnected where no node answers in time.
    """

    def __init__(self, directory: Path, socket: str = "view", timeout_ms: int = ASK_TIMEOUT_MS) -> None:
        import zmq

        from system.locks import is_locked
        from system.sockets import inspection_dealer

        self.directory = Path(directory)
        self.timeout_ms = timeout_ms
        self._req_id = 0
        self._socket_name = socket
        if not is_locked(self.directory / "journal"):
            raise self.nobody("no node runs in it")
        self._context = zmq.Context()
        self._socket = inspection_dealer(self._context, f"ipc://{self.directory}/{socket}")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def is_there(self) -> bool:
        """Whether a node runs in the directory; it may not answer yet."""
        from system.locks import is_locked

        return is_locked(self.directory / "journal")

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close(0)
        self._context.term()

    def ask(self, verb: str, body: bytes = b"", **args: Any) -> Any:
        """The answer. Raises: NotConnected, Absent, Refused, UsageError."""
        self.post(verb, body, **args)
        return self.answer()

    def ready(self, wait_ms: int) -> bool:
        """Whether a question would leave now."""
        import zmq

        return bool(self._socket.poll(wait_ms, zmq.POLLOUT))

    def post(self, verb: str, body: bytes = b"", **args: Any) -> None:
        """Ask, without waiting for the answer. Raises: NotConnected."""
        import zmq

        from wire.inspection import Request, encode_request

        self._req_id += 1
        given = {key: value for key, value in args.items() if value is not None}
        frame = encode_request(Request(self._req_id, verb, given, body))
        if not self._socket.poll(CONNECT_TIMEOUT_MS, zmq.POLLOUT):
            raise self.nobody("it does not let us in")
        self._socket.send(frame, zmq.NOBLOCK)

    def answer(self) -> Any:
        """The answer to what was posted last. Raises: as `ask`."""
        import zmq

        from wire.inspection import decode_reply

        while self._socket.poll(self.timeout_ms):
            reply = decode_reply(self._socket.recv(zmq.NOBLOCK))
            if reply.req_id in (self._req_id, 0):
                return _value(reply)
        raise self.nobody(f"no answer in {self.timeout_ms} ms{'' if self._socket_name == OBSERVE else ' (does its lane hang? ./hedgerow ps)'}")

    def rows(self, verb: str, key: str, **args: Any) -> Iterator[dict[str, Any]]:
        """Every row, page after page; `key` names a row."""
        after = None
        for _ in range(MAX_PAGES):
            page = self.ask(verb, after=after, **args)
            yield from page["rows"]
            if not page["more"] or not page["rows"]:
                return
            after = page["rows"][-1][key]

    def nobody(self, why: str) -> NotConnected:
        """What to raise, or to show, where no node answers."""
        return NotConnected(
            f"not connected: {self.directory}: {why}: is the node running? ./hedgerow run -c FILE"
        )


def reach(directory: Path, socket: str = "view", timeout_ms: int = ASK_TIMEOUT_MS) -> Any:
    """Whoever answers for a directory: its node, or all its shards.

    Raises: NotConnected where nobody does.
    """
    from tools.shard_places import shard_dirs

    shards = shard_dirs(Path(directory))
    if not shards:
        return Client(directory, socket, timeout_ms)
    from tools.shards_client import ShardsClient

    return ShardsClient(Path(directory), shards, socket, timeout_ms)


def tell_away(client: Any, say: Callable[[str], None]) -> int:
    """Say which shards' rows are missing, and why; the exit code."""
    away = getattr(client, "away", {})
    for name, why in away.items():
        say(f"shard {name} is away, nothing of it is here: {why}")
    return NOT_CONNECTED if away else FINE


def _value(reply: Any) -> Any:
    from wire.inspection import NO_SUCH, REFUSED

    problem = reply.problem
    if problem is None:
        return reply.value
    if problem.code == NO_SUCH:
        raise Absent(problem.text)
    raise (Refused if problem.code == REFUSED else UsageError)(problem.text)


def run_dir(given: str | None, files: tuple[str, ...] = ()) -> Path:
    """The node's directory: as given, or as the configuration names it.

    Raises: UsageError, saying what to give; ConfigError.
    """
    if given is not None:
        return Path(given).resolve()
    if not files and not Path(CONFIG_FILE).is_file():
        raise UsageError(f"which node? give -c FILE or --dir DIR (there is no {CONFIG_FILE} here)")
    from config.load import load

    return Path(load(files or (CONFIG_FILE,)).config.node.dir)


def pass_dir(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: adds `-c` and `--dir` to a verb, gives it `directory`."""
    import click

    @click.option("-d", "--dir", "given", default=None, metavar="DIR", help="The node's directory (node.dir).")
    @click.option("-c", "--config", "files", multiple=True, metavar="FILE", help="Take it from this configuration.")
    @functools.wraps(verb)
    def with_dir(*args: Any, given: str | None, files: tuple[str, ...], **kwargs: Any) -> Any:
        return verb(*args, directory=run_dir(given, files), **kwargs)

    return with_dir
