"""`sim fuzz`: every reader of bytes from outside, against mutated bytes.

Seeds are the corpus in the tree; a finding is kept there, and the tests replay
all of it. Each reader runs in processes of its own.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from system.clock import SystemClock, chance
from tools.errors import FAILED, FINE, ToolError, UsageError
from tools.output import Output, pass_out
from tools.own_processes import ROOT, as_they_end, command_of

CORPUS = ROOT / "tests" / "corpus"
MOST_FINDINGS = 20
COLUMNS = ("reader", "frames", "accepted", "findings", "frames_per_s")


@click.command()
@click.argument("names", nargs=-1, metavar="[READER]...")
@click.option("--frames", type=click.IntRange(1), default=20_000, show_default=True, help="Mutated frames a reader.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="What mutations are drawn from.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Processes at a time.")
@click.option("--keep/--no-keep", default=True, show_default=True, help="Keep findings in tests/corpus.")
@click.option("--list", "listed", is_flag=True, help="The readers that there are.")
@pass_out
def fuzz(out: Output, names: tuple[str, ...], frames: int, seed: int, jobs: int, *, keep: bool, listed: bool) -> int:
    """Feed readers mutated bytes: refused in their own words, or read rightly.

    READER: only these (default: all). Exit 1 where one lets an error through
    that its callers don't expect, or accepts what the bytes don't say.
    """
    from simulation.fuzz import seeds_of, targets

    known = targets(CORPUS)
    if listed:
        out.many([{"reader": name, "corpus": len(seeds_of(CORPUS, name))} for name in known])
        return FINE
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(f"no reader {unknown[0]!r}; there are: {', '.join(known)}")
    rows, findings = [], []
    for row in children(list(names or known), frames, seed, jobs):
        for finding in row.pop("found"):
            findings.append(finding)
            out.say(f"fuzz: {finding['reader']}: {finding['what']}")
            if keep:
                kept(finding)
        rows.append(row)
    if out.format == "table":
        out.many(rows, COLUMNS)
    else:
        out.one({"frames": sum(row["frames"] for row in rows), "readers": rows, "findings": findings})
    return FAILED if findings else FINE


def kept(finding: dict[str, Any]) -> Path:
    """The finding as a file of the corpus."""
    body = bytes.fromhex(finding["body"])
    path = CORPUS / finding["reader"] / hashlib.sha256(body).hexdigest()[:12]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(body)
    return path


def children(names: list[str], frames: int, seed: int, jobs: int) -> Iterator[dict[str, Any]]:
    """A row a reader, from a process of its own. Raises: ToolError."""
    return as_they_end(_child, [{"reader": name, "frames": frames, "seed": seed} for name in names], jobs)


def _child(asked: dict[str, Any]) -> dict[str, Any]:
    told = subprocess.run([*command_of("tools.sim_fuzz:child", "-I"), json.dumps(asked)], capture_output=True, text=True, check=False)
    if told.returncode:
        raise ToolError(f"{asked['reader']} broke its process (exit {told.returncode}): {told.stderr.strip()[-600:]}")
    return json.loads(told.stdout.splitlines()[-1])


def child() -> None:
    """A process that fuzzes one reader: a JSON line."""
    from simulation.fuzz import fuzz as run
    from simulation.fuzz import seeds_of, targets

    asked = json.loads(sys.argv[1])
    target, clock = targets(CORPUS)[asked["reader"]], SystemClock()
    begun_ns, found, read, accepted = clock.mono_ns(), {}, 0, 0
    rng = chance(asked["seed"])
    with tempfile.TemporaryDirectory(prefix="hgfuzz") as place:
        for number, taken, finding in run(target, seeds_of(CORPUS, target.name), rng, asked["frames"], Path(place)):
            read, accepted = number, taken
            if finding is not None and len(found) < MOST_FINDINGS:
                found.setdefault(finding.what[:60], {"reader": finding.target, "what": finding.what[:400], "body": finding.body.hex()})
    seconds = max(1, clock.mono_ns() - begun_ns) / 1e9
    row = {"reader": target.name, "frames": read, "accepted": accepted, "findings": len(found), "frames_per_s": round(read / seconds), "found": list(found.values())}
    sys.stdout.write(json.dumps(row) + "\n")
