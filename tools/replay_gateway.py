"""`gateway replay`: one recorded venue as a gateway process.

The composition root of a replay gateway: reads the pair's configuration for
what the leg is, and passes values in. `hedgerow replay` starts one for each
leg, both with the same start, so that they play in step.
"""

from __future__ import annotations

import os
from pathlib import Path

import click

PATH = click.Path(path_type=Path)


@click.command("replay")
@click.option("-c", "--config", "file", required=True, type=PATH, help="The pair's configuration (TOML).")
@click.option("--venue", required=True, help="Which of its venues to be.")
@click.option("--recording", required=True, type=PATH, help="The folder of the recording.")
@click.option("--dir", "folder", required=True, type=PATH, help="Where this venue keeps its files.")
@click.option("--feed", required=True, help="Where the feed is bound: ipc:///directory/name.")
@click.option("--trade", required=True, help="Where orders are taken: ipc:///directory/name.")
@click.option("--start", required=True, help="RECORDING_NS@WALL_NS: what plays when; the same for all venues.")
@click.option("--speed", type=click.FloatRange(min=0, min_open=True), default=1.0, help="How many times its pace.")
@click.option("--end-ns", type=int, default=None, help="Play no further than this moment of the recording.")
@click.option("--with-parent", is_flag=True, help="End when the process that started this one ends.")
def replay_gateway(
    file: Path,
    venue: str,
    recording: Path,
    folder: Path,
    feed: str,
    trade: str,
    start: str,
    speed: float,
    end_ns: int | None,
    with_parent: bool,
) -> None:
    """Play one venue's recording and take orders on it, until SIGTERM."""
    import zmq

    from gateways.replay.adapter import ReplayAdapter
    from gateways.replay.settings import Settings
    from gateways.skeleton import Gateway, GatewaySettings
    from system.clock import SystemClock
    from system.signals import StopFlag
    from tools.replay_config import CASH, leg_at

    parent = os.getppid()
    leg = leg_at(file, venue, recording, folder, feed, trade)
    settings = Settings(venue, (leg.played,), _start(start, speed), leg.truth_path, CASH, end_ns)
    clock, context = SystemClock(), zmq.Context()
    gateway = Gateway(
        GatewaySettings(venue, feed, trade, leg.folder / "gateway"), ReplayAdapter(settings, clock), clock, context
    )
    gateway.start()
    with StopFlag().installed() as flag:
        gateway.run(lambda: flag.is_set() or (with_parent and os.getppid() != parent))
    context.term()


def _start(text: str, speed: float) -> object:
    from gateways.replay.pacing import Start

    recording_ns, _, wall_ns = text.partition("@")
    if not (recording_ns.isdigit() and wall_ns.isdigit()):
        raise click.BadParameter(f"{text!r} is not RECORDING_NS@WALL_NS", param_hint="--start")
    return Start(int(recording_ns), int(wall_ns), speed)
