"""`actor`: one actor of a node, looked at, traced, held, restarted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from threading import Event
from typing import Any

import click

from tools.asking import Asked, write_verb
from tools.client import OBSERVE, Absent, Client, pass_dir, reach
from tools.errors import FAILED, FINE
from tools.output import Output, pass_out
from tools.watch import watch_option, watched

TRACE_EVERY_S = 0.25
SAMPLE_EVERY_S = 0.01
RESTART_WAITS = 100
RESTART_EVERY_S = 0.1
FACTS = (
    "path", "class", "dispatcher", "phase", "blocked_by", "suspended_until", "epoch", "started", "restarts", "last_reason", "ended", "handled",
    "handled_per_s", "busy_percent", "p50_us", "p99_us", "depth", "most", "oldest_ms", "in_hand", "in_hand_ms", "message", "live_orders",
    "naked", "pair",
)  # fmt: skip


@click.group()
def actor() -> None:
    """Look into one actor: show, state, mailbox, trace, stack; suspend, resume, restart it."""


@actor.command("show")
@click.argument("name")
@watch_option
@pass_dir
@pass_out
def actor_show(out: Output, directory: Path, watch: bool, name: str) -> None:
    """Show one actor whole: rates, what is in its hands, its last error, its supervisor's rules; its stack where it is STUCK."""
    with reach(directory, OBSERVE) as client:
        watched(lambda: show_actor(out, client.ask("actor", name=name)), again=watch)


def show_actor(out: Output, told: dict[str, Any]) -> None:
    """One actor in tables; whole in every other form."""
    if out.format != "table":
        out.one(told)
        return
    facts = {key: told[key] for key in FACTS if told[key] not in (None, "")}
    child, keeper = told["child"], told["supervisor"]
    if keeper is not None:
        facts["supervisor"] = keeper["name"]
        facts["restart"] = f"{child['restart']}, {keeper['strategy']}, {keeper['backoff'] or 'no backoff'}"
    for key in ("orders", "hedges"):
        if told["stake"][key]:
            facts[key] = " ".join(told["stake"][key])
    if told["children"]:
        facts["children"] = ", ".join(told["children"])
    out.one(facts)
    _lines(out, "stack", told["stack"])
    _lines(out, "last error", told["error"])


def _lines(out: Output, head: str, lines: list[str]) -> None:
    if lines:
        out.line("")
        out.line(out.word(head))
        for line in lines:
            out.line(f"  {line}")


@actor.command("state")
@click.argument("name")
@click.argument("path", required=False, default="")
@click.option("--depth", type=click.IntRange(1, 8), default=3, show_default=True, help="So many levels.")
@watch_option
@pass_dir
@pass_out
def actor_state(out: Output, directory: Path, watch: bool, name: str, path: str, depth: int) -> None:
    """Show what an actor holds: its public fields; from PATH on (`memory.pair.hedge`).

    It is bounded: what is left out is told.
    """
    with reach(directory, OBSERVE) as client:

        def look() -> None:
            told = client.ask("state", name=name, path=path, depth=depth)
            if out.format != "table":
                out.one(told)
                return
            for line in state_lines(told["state"]):
                out.line(line)
            if told["cut"]:
                out.say("it is cut: more with --depth, or from a path on: ./hedgerow actor state NAME PATH")

        watched(look, again=watch)


def state_lines(value: Any, indent: str = "") -> list[str]:
    """Plain values as lines, what belongs together indented."""
    if isinstance(value, dict):
        lines = []
        for key, each in value.items():
            if key == "":
                continue
            if isinstance(each, dict | list) and each:
                kind = f"  {each['']}" if isinstance(each, dict) and each.get("") else ""
                lines += [f"{indent}{key}:{kind}", *state_lines(each, indent + "  ")]
            else:
                lines.append(f"{indent}{key}: {_plain(each)}")
        return lines or [f"{indent}-"]
    if isinstance(value, list):
        if not any(isinstance(each, dict | list) for each in value):
            return [f"{indent}{', '.join(map(_plain, value))}"]
        return [line for place, each in enumerate(value) for line in (f"{indent}- {place}", *state_lines(each, indent + "  "))]
    return [f"{indent}{_plain(value)}"]


def _plain(value: Any) -> str:
    return "-" if value is None or value in ({}, []) else str(value)


@actor.command("mailbox")
@click.argument("name")
@watch_option
@pass_dir
@pass_out
def actor_mailbox(out: Output, directory: Path, watch: bool, name: str) -> None:
    """Show what waits for an actor, by lane and kind; it is counted, not read."""
    with reach(directory, OBSERVE) as client:

        def look() -> None:
            told = client.ask("mailbox", name=name)
            if out.format != "table":
                out.one(told)
                return
            out.many(mailbox_rows(told))
            out.line(f"{out.word('most')} {told['most']}  {out.word('handled')} {told['handled']}")

        watched(look, again=watch)


def mailbox_rows(told: dict[str, Any]) -> list[dict[str, Any]]:
    """The lanes of a mailbox for people."""
    kinds = [" ".join(f"{kind} {count}" for kind, count in row["kinds"].items()) for row in told["lanes"]]
    return [
        {"mail": row["lane"], "depth": row["depth"], "bound": row["bound"], "oldest_ms": row["oldest_ms"], "kinds": each}
        for row, each in zip(told["lanes"], kinds, strict=True)
    ]


@actor.command("stack")
@click.argument("name")
@click.option("--samples", type=click.IntRange(1, 2_000), default=1, show_default=True, help="Look so often, 10 ms apart, and count.")
@pass_dir
@pass_out
def actor_stack(out: Output, directory: Path, name: str, samples: int) -> None:
    """Show what an actor's thread is doing now; with --samples where its time goes."""
    pause, seen, told = Event(), Counter(), {}
    with reach(directory, OBSERVE) as client:
        for number in range(samples):
            if number:
                pause.wait(SAMPLE_EVERY_S)
            told = client.ask("stack", name=name)
            seen[tuple(told["stack"])] += 1
    rows = [{"count": count, "percent": round(100 * count / samples, 1), "stack": list(lines)} for lines, count in seen.most_common(20)]
    if out.format != "table":
        out.one({"path": name, "dispatcher": told["dispatcher"], "in_hand": told["in_hand"], "samples": samples, "stacks": rows})
        return
    for row in rows:
        out.line(f"{row['count']}/{samples}  {row['percent']} %" if samples > 1 else f"{told['dispatcher']}: {told['in_hand'] or '-'} {told['in_hand_ms'] or 0} ms")
        for line in row["stack"]:
            out.line(f"  {line}")


@actor.command("trace")
@click.argument("name")
@click.option("-n", "--messages", type=click.IntRange(1, 1_000), default=100, show_default=True, help="End after so many.")
@click.option("-t", "--seconds", type=click.FloatRange(0.1, 600), default=10.0, show_default=True, help="End after so long.")
@click.option("--lane", "lanes", multiple=True, help="Of this lane: control, orders, timers, commands, quotes; again for more.")
@click.option("--type", "types", multiple=True, help="Of this class; again for more.")
@pass_dir
@pass_out
def actor_trace(out: Output, directory: Path, name: str, messages: int, seconds: float, lanes: tuple[str, ...], types: tuple[str, ...]) -> None:
    """Show what an actor is given, and how long it takes over each.

    It ends by itself, by Ctrl-C, and soon after this command, however that ends.
    """
    with reach(directory, OBSERVE) as client:
        asked = {"messages": messages, "for_ms": int(seconds * 1000), "lanes": ",".join(lanes), "types": ",".join(types)}
        number = client.ask("trace_start", name=name, **asked)["trace"]
        rows: list[dict[str, Any]] = []
        try:
            ended = _follow(out, client, number, rows)
        except KeyboardInterrupt:
            client.ask("trace_stop", trace=number)
            ended = "interrupted"
        if out.format in ("json", "csv"):
            out.many(rows)
        out.say(f"{len(rows)} messages: {ended}")


def _follow(out: Output, client: Client, number: int, rows: list[dict[str, Any]]) -> str:
    pause = Event()
    while True:
        try:
            told = client.ask("trace", trace=number, after=rows[-1]["number"] if rows else 0)
        except Absent:
            return "the node has forgotten it"
        for row in told["rows"]:
            rows.append(row)
            if out.format == "jsonl":
                out.one(row)
            elif out.format == "table":
                error = f"  ! {row['error']}" if row["error"] else ""
                out.line(f"{row['at'][11:23]}  {row['lane']:8} {row['took_us']:9,.1f} us  {row['message']}{error}")
        if told["ended"]:
            return told["ended"]
        if not told["more"]:
            pause.wait(TRACE_EVERY_S)


# ------------------------------------------------ words


@actor.command("suspend")
@click.argument("name")
@click.option("--for", "seconds", type=click.FloatRange(0.1, 600), default=30.0, show_default=True, help="Seconds; it goes on by itself then.")
@write_verb
def actor_suspend(asked: Asked, name: str, seconds: float) -> int:
    """Give an actor no message but kills, stops and operators' words, for a while.

    What comes meanwhile waits in its mailbox. What it has open is said first.
    """
    asked.show(asked.send("actor_suspend", name=name, for_ms=int(seconds * 1000)))
    return FINE


@actor.command("resume")
@click.argument("name")
@write_verb
def actor_resume(asked: Asked, name: str) -> int:
    """End an actor's suspension before its time."""
    asked.show(asked.send("actor_resume", name=name))
    return FINE


@actor.command("restart")
@click.argument("name")
@click.option("--force", is_flag=True, help="Though orders or hedges are open in its hands.")
@write_verb
def actor_restart(asked: Asked, name: str, force: bool) -> int:
    """Stop an actor and start it anew under its name, killed where it takes too long.

    Refused while orders, hedges or naked lots are open in its hands, unless
    --force: what is on record is taken up again. It counts for no limit.
    """
    told = asked.send("actor_restart", name=name, force=force)
    if told is None:
        return FINE
    came = _restarted(asked, name, told["epoch"])
    asked.show({**told, "now": came or told["epoch"], "up": came > told["epoch"]})
    return FINE if came > told["epoch"] else FAILED


def _restarted(asked: Asked, name: str, epoch: int) -> int:
    """The epoch of whoever is up after it; 0: nobody within 10 s."""
    pause = Event()
    with reach(asked.directory, OBSERVE) as client:
        for _ in range(RESTART_WAITS):
            told = client.ask("actor", name=name)
            if told["alive"] and told["epoch"] > epoch:
                return told["epoch"]
            pause.wait(RESTART_EVERY_S)
    return 0
