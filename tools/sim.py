"""`sim serve | fault | truth | run | seeds | torture`: what is simulated.

The composition root of the exchange: reads its file, binds its socket, passes
values in. The other verbs are clients of a running one.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from domain.errors import ConfigError, WireError
from tools.chaos import chaos
from tools.chaos_proxy import proxy
from tools.errors import NotConnected, Refused, ToolError
from tools.output import Output, pass_out
from tools.sim_calls import calls
from tools.sim_cuts import cuts
from tools.sim_fuzz import fuzz
from tools.sim_plants import plants
from tools.sim_reenact import reenact
from tools.sim_run import fleet, run, shrink
from tools.sim_try import try_
from tools.torture import torture

ANSWER_MS = 2000
NS = 1_000_000_000
SIDES = {"buy": "1", "sell": "2"}


@click.group()
def sim() -> None:
    """The simulated exchange, and the whole node in virtual time."""


sim.add_command(run)
sim.add_command(fleet)
sim.add_command(fleet, "seeds")
sim.add_command(shrink)
sim.add_command(plants)
sim.add_command(reenact)
sim.add_command(calls)
sim.add_command(cuts)
sim.add_command(fuzz)
sim.add_command(chaos)
sim.add_command(proxy)
sim.add_command(try_)
sim.add_command(torture)


@sim.command()
@click.option("-c", "--config", "file", required=True, type=click.Path(path_type=Path), help="The exchange file (TOML).")
@click.option("--trouble", type=click.Path(path_type=Path), default=None, help="A file of [[trouble]] tables to add (TOML).")
@click.option("--endpoint", required=True, help="Where clients connect: ipc:///directory/name.")
@click.option("--seed", type=int, default=None, help="Instead of the file's seed.")
@click.option("--truth", type=click.Path(path_type=Path), default=None, help="Append the truth log to this file.")
@click.option("--trading-day", default=None, metavar="YYYYMMDD", help="Instead of today's date (UTC).")
@click.option("--sessions", is_flag=True, help="Keep the sessions of the tables (calendar ls) from now on.")
@click.option("--with-parent", is_flag=True, help="End when the process that started this one ends.")
def serve(
    file: Path,
    trouble: Path | None,
    endpoint: str,
    seed: int | None,
    truth: Path | None,
    trading_day: str | None,
    sessions: bool,
    with_parent: bool,
) -> None:
    """Host all venues of FILE until SIGTERM; one ready line on stdout."""
    import zmq

    from exchange.config import load
    from exchange.errors import ExchangeError, SpecError
    from exchange.server import ExchangeClock, Server, bind
    from exchange.truth import TruthLog
    from exchange.world import World
    from system.clock import SystemClock

    should_stop = _stopper(with_parent=with_parent)
    context = zmq.Context()
    try:
        spec = load(file, trouble)
        clock = ExchangeClock(SystemClock())
        start_ns = clock.now()
        if sessions:
            from config.sessions import book_of
            from tools.sim_sessions import with_sessions

            spec = with_sessions(spec, book_of(), start_ns)
        seed = spec.seed if seed is None else seed
        world = World(spec, seed, start_ns, _trading_day(trading_day, start_ns))
        log = TruthLog(truth) if truth is not None else None
        if log is not None:
            log.start(world, seed)
        socket = bind(context, endpoint)
    except SpecError as error:
        raise ConfigError(error.file, error.key, error.value, error.allowed) from error
    except ExchangeError as error:
        raise ToolError(str(error)) from error
    days = {name: venue.trading_day for name, venue in world.venues.items()}
    click.echo(json.dumps({"ready": True, "pid": os.getpid(), "endpoint": endpoint, "seed": seed, "venues": days}))
    Server(socket, world, clock, log).run(should_stop)
    if log is not None:
        log.close()
    socket.close(0)
    context.term()


@sim.command()
@click.option("--endpoint", default="", help="The running exchange's endpoint (for `kinds` none).")
@click.option("--count", type=click.IntRange(1), default=None, help="Strike so many orders, then no more (default 1; with --for-ms all).")
@click.option("--for-ms", type=click.IntRange(1), default=None, help="Over after so long.")
@click.option("--symbol", default=None, help="Only this symbol (default: every one).")
@click.option("--side", type=click.Choice(list(SIDES)), default=None, help="Only orders of this side.")
@click.option("--offset", default=None, help="Only orders with this offset: O, C, T, Y or N.")
@click.option("--account", default=None, help="Only this account.")
@click.option("--skip", type=click.IntRange(0), default=None, help="Let so many pass first.")
@click.option("--chance", type=click.IntRange(1, 100), default=None, help="Per cent of the orders that it strikes.")
@click.option("--code", type=int, default=None, help="The venue's error number that refuses.")
@click.option("--qty", type=click.IntRange(0), default=None, help="Lots, where the kind takes them.")
@click.option("--px", type=int, default=None, help="Price in ticks, where the kind takes one.")
@click.option("--ms", type=click.IntRange(0), default=None, help="How late, where the kind is about time.")
@click.option("--times", type=click.IntRange(1), default=None, help="repeat: how often again.")
@click.option("--how", default=None, help="Which way, where the kind has several: the first is the default.")
@click.option("--trade-id", default=None, help="bust, correct: this trade of the venue.")
@click.argument("words", nargs=-1, required=True, metavar="[VENUE] KIND")
@pass_out
def fault(out: Output, endpoint: str, words: tuple[str, ...], side: str | None, **given: Any) -> None:
    """Make trouble at VENUE: KIND, or list, clear, kinds.

    list: what is armed or lasts, at VENUE or everywhere; clear: end all of it;
    kinds: every KIND, what it does, and which options it takes.
    """
    from wire.exchange import Fault

    if words == ("kinds",):
        out.many(_kinds(), ["kind", "what", "takes", "how"])
        return
    venue, kind = _venue_and_kind(words)
    if not endpoint:
        raise click.UsageError("--endpoint is missing: the one that `sim serve` was given")
    asks = kind in ("list", "clear")
    args = {key: value for key, value in {**given, "side": SIDES.get(side or "")}.items() if value is not None}
    found = _ask(endpoint, Fault("fault", venue, kind, {} if asks else args))
    rows = [{"venue": name, **armed} for name, armed_there in found.items() for armed in armed_there]
    if asks:
        columns = ["number", "kind", "how", "left", "struck", "symbol", "side", "offset", "code", "qty", "ms", "for_ms"]
        out.many(rows, ["venue", *columns])
    else:
        out.one(rows[0])


@sim.command()
@click.option("--endpoint", required=True, help="The running exchange's endpoint.")
@click.argument("venue", default="")
@pass_out
def truth(out: Output, endpoint: str, venue: str) -> None:
    """What the venues' own books say: orders, trades, positions, money."""
    from wire.exchange import Truth

    found = _ask(endpoint, Truth("truth", venue))
    if out.format == "json":
        out.one(found)
    else:
        out.many([{"venue": name, "account": who, **told} for name, told_by in found.items() for who, told in told_by.items()])


def _venue_and_kind(words: tuple[str, ...]) -> tuple[str, str]:
    """`VENUE KIND`, or `list`, `clear` alone."""
    if words in (("list",), ("clear",)):
        return "", words[0]
    if len(words) != 2:
        raise click.UsageError(
            "say a venue and a kind, such as: sim fault --endpoint EP SHFE reject --count 1; or: list, clear, kinds"
        )
    return words[0], words[1]


def _kinds() -> list[dict[str, Any]]:
    from exchange.kinds import KINDS

    return [
        {
            "kind": name,
            "what": row.what,
            "takes": ", ".join(f"{key} (needed)" if key in row.needs else key for key in row.allowed if key != "how"),
            "how": ", ".join(row.how),
        }
        for name, row in KINDS.items()
    ]


def _ask(endpoint: str, request: Any) -> dict[str, Any]:
    """One control request and its answer. Raises: NotConnected, Refused."""
    import zmq

    from system.sockets import inspection_dealer
    from wire.exchange import decode_from_exchange, encode

    context = zmq.Context()
    try:
        socket = inspection_dealer(context, endpoint)
        try:
            socket.setsockopt(zmq.SNDTIMEO, ANSWER_MS)
            socket.send(encode(request))
            answer = decode_from_exchange(socket.recv()) if socket.poll(ANSWER_MS) else None
        except zmq.Again:
            answer = None
        except WireError as error:
            raise ToolError(f"{endpoint} answered what is not the exchange's protocol: {error}") from error
        finally:
            socket.close(0)
    finally:
        context.term()
    if answer is None:
        raise NotConnected(f"no exchange answers at {endpoint} within {ANSWER_MS} ms: is `sim serve` running there?")
    if not getattr(answer, "ok", False):
        raise Refused(f"the exchange refuses: {answer.text}")
    return answer.body


def _stopper(*, with_parent: bool) -> Callable[[], bool]:
    """True once SIGTERM or SIGINT came, or the parent is gone."""
    asked: list[int] = []
    parent = os.getppid()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda signum, _frame: asked.append(signum))
    return lambda: bool(asked) or (with_parent and os.getppid() != parent)


def _trading_day(given: str | None, start_ns: int) -> str:
    if given is None:
        return datetime.fromtimestamp(start_ns // NS, UTC).strftime("%Y%m%d")
    try:
        datetime.strptime(given, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise click.BadParameter(f"{given!r} is not a day as YYYYMMDD", param_hint="--trading-day") from error
    return given
