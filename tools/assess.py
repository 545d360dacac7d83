"""`hedgerow assess`: what a pair would have found in a recording.

Reads, measures, and writes a page with its plots and the same as JSON beside
it. Nothing trades and no process is started.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import click

from tools.errors import FINE
from tools.output import Output, pass_out
from tools.run_folder import run_folder, write_text

PATH = click.Path(path_type=Path)


@click.command()
@click.argument("what", nargs=-1)
@click.option("--pair", "pair_name", default=None, help="Which pair, where the configuration has several.")
@click.option("-c", "--config", "files", multiple=True, type=PATH, help="The pair's configuration (default: the recording's own).")
@click.option("--data", default=None, help="Where the recording's files lie (default: HEDGEROW_DATA).")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), default=None, help="Only so much of the recording.")
@click.option("--latency-ms", type=click.FloatRange(min=0), default=2.0, show_default=True, help="From a trigger met to orders at the venues.")
@click.option("--dir", "folder", type=PATH, default=None, help="An empty folder for page and JSON (default: a new one).")
@pass_out
def assess(
    out: Output,
    what: tuple[str, ...],
    pair_name: str | None,
    files: tuple[Path, ...],
    data: str | None,
    seconds: float | None,
    latency_ms: float,
    folder: Path | None,
) -> int:
    """Measure what a pair would have found in a recording.

    WHAT is a recording that comes with the program, a recording's own .toml,
    or a folder, as for replay; several are read by one clock. Writes
    assess.html and assess.json.
    """
    from tools.assess_measure import Assessment
    from tools.assess_page import page
    from tools.replay_config import config_of, plays_of, with_pair
    from tools.replay_map import find_recordings, pairs_of
    from tools.walk import Walk, played_of

    recording = find_recordings(what, data)
    config = with_pair(config_of(pairs_of(recording, files)), pair_name)
    pair = config.pair[0]
    place = run_folder(folder, "assess")
    walk = Walk(config, played_of(plays_of(config, recording, place, place)))
    measured = Assessment(walk, walk.looks[0], latency_ms)
    walk.run(seconds)
    walk.check()
    measured.end()
    found: dict[str, Any] = {
        "recording": recording.name,
        "pair": pair.name,
        "unit": "ratio" if pair.trigger.on == "ratio" else f"{pair.currency}/{pair.unit}".rstrip("/"),
        "made": walk.made,
        **measured.told(),
    }
    html = place / "assess.html"
    write_text(html, page(found, measured, out.lang, recording.zone))
    write_text(place / "assess.json", json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    _show(out, found, html)
    return FINE


def _show(out: Output, found: dict[str, Any], html: Path) -> None:
    """The whole as JSON; as tables the legs, the triggers, the sums."""
    from tools.assess_page import captured, spread
    from tools.assess_words import word

    if out.format != "table":
        out.one({**found, "html": str(html)})
        return
    for name in found["made"]:
        out.say(f"assess: {name} is MADE: its book was not recorded, it stands around a traded price")
    legs = (
        {
            "leg": f"{leg['venue']}/{leg['symbol']}",
            "rows": leg["rows"],
            "quotes_per_s": leg["quotes_per_s"],
            **{key: spread(leg[key]) for key in ("gap_ms", "age_ms", "width_ticks", "clock_offset_ms")},
        }
        for leg in found["legs"]
    )
    triggers = (
        {
            "event": each["event"],
            "threshold": each["threshold"],
            "met_times": each["met_times"],
            "met_s": each["met_s"],
            "held_ms": spread(each["held_ms"]),
            "units": spread(each["units"]),
            "capture": captured(each),
            "slippage": spread(each["slippage"]),
        }
        for each in found["triggers"]
    )
    columns = shutil.get_terminal_size().columns
    for rows in (legs, triggers):
        out.fitting([{word(key, out.lang): value for key, value in row.items()} for row in rows], columns)
        out.line("")
    sums = {key: found[key] for key in ("recording", "pair", "seconds", "latency_ms")}
    sums["value in"] = found["unit"]
    for key in ("value", "tradable_units"):
        for side in ("sell", "buy"):
            sums[f"{word(key, out.lang)}, {word(side, out.lang)}"] = spread(found[key][side])
    for basis, told in found["ratio"].items():
        sums[f"ratio {basis}"] = spread(told)
    out.one({word(key, out.lang): value for key, value in sums.items()} | {"html": str(html)})
    out.say("p5 / p50 / p95")

