"""`gateway replay`: one recorded venue as a gateway process.

The composition root of a replay gateway: reads the pair's configuration for
what the venue is, and passes values in. `hedgerow replay` starts one for each
venue, all with the same start, so that they play in step.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from tools.replay_speed import SpeedType

SPEED = SpeedType()
PATH = click.Path(path_type=Path)


@click.command("replay")
@click.option("-c", "--config", "files", required=True, multiple=True, type=PATH, help="The pair's configuration (TOML).")
@click.option("--venue", required=True, help="Which of its venues to be.")
@click.option("--recording", "recordings", required=True, multiple=True, help="A recording of ours by name, its .toml, or a folder.")
@click.option("--data", multiple=True, help="Where the recording's files lie; one for each --recording.")
@click.option("--dir", "folder", required=True, type=PATH, help="Where this venue keeps its files.")
@click.option("--feed", required=True, help="Where the feed is bound: ipc:///directory/name.")
@click.option("--trade", required=True, help="Where orders are taken: ipc:///directory/name.")
@click.option("--start", required=True, help="RECORDING_NS@WALL_NS: what plays when; the same for all venues.")
@click.option("--speed", type=SPEED, default="1", help="How many times its pace; max: as fast as possible.")
@click.option("--end-ns", type=int, default=None, help="Play no further than this moment of the recording.")
@click.option("--with-parent", is_flag=True, help="End when the process that started this one ends.")
def replay_gateway(
    files: tuple[Path, ...],
    venue: str,
    recordings: tuple[str, ...],
    data: tuple[str, ...],
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
    from gateways.skeleton import Gateway, GatewaySettings
    from system.clock import SystemClock
    from system.signals import StopFlag
    from tools.replay_config import config_of, play_at
    from tools.replay_map import find_recordings

    parent = os.getppid()
    play = play_at(config_of(files), venue, find_recordings(recordings, data or None), folder, feed, trade)
    settings = play.settings(_start(start, speed), end_ns)
    clock, context = SystemClock(), zmq.Context()
    gateway = Gateway(
        GatewaySettings(venue, feed, trade, play.folder / "gateway"), ReplayAdapter(settings, clock), clock, context
    )
    gateway.start()
    with StopFlag().installed() as flag:
        gateway.run(lambda: flag.is_set() or (with_parent and os.getppid() != parent))
    context.term()


def _start(text: str, speed: float) -> Any:
    from gateways.replay.pacing import Start

    recording_ns, _, wall_ns = text.partition("@")
    if not (recording_ns.isdigit() and wall_ns.isdigit()):
        raise click.BadParameter(f"{text!r} is not RECORDING_NS@WALL_NS", param_hint="--start")
    return Start(int(recording_ns), int(wall_ns), speed)
