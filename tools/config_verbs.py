"""`config check | show | diff | apply`: settings, before they run."""

from __future__ import annotations

from datetime import UTC, date, datetime

import click
import msgspec

from config import lots as unit_lots
from config import sense
from config.calendar_checks import calendars_of, notes
from config.checks import problems
from config.load import Loaded, fingerprint, load
from domain.errors import ConfigError
from system.clock import SystemClock
from tools.change_verbs import apply
from tools.config_diff import diff
from tools.errors import FINE, USAGE
from tools.init import CONFIG_FILE
from tools.output import Output, pass_out


def read(files: tuple[str, ...]) -> Loaded:
    """The configuration of `-c`, or of hedgerow.toml in this directory."""
    return load(files or (CONFIG_FILE,))


@click.group(name="config")
def config() -> None:
    """Check, show or compare the configuration, its files laid over one another."""


config.add_command(diff)
config.add_command(apply)

files_option = click.option(
    "-c", "--config", "files", multiple=True, metavar="FILE", help="More than once: later over earlier."
)


@config.command()
@files_option
@click.option(
    "--mode", type=click.Choice(["observe", "paper", "live"]), default=None, help="Check as if it ran in this mode."
)
@pass_out
def check(out: Output, files: tuple[str, ...], mode: str | None) -> int:
    """Say everything that is wrong; exit 2 if anything is."""
    loaded = read(files)
    found = problems(loaded, mode)
    if found:
        out.many([problem_row(problem) for problem in found], ["file", "key", "value", "allowed"])
        out.say(f"hedgerow: {len(found)} to put right")
        return USAGE
    settings, today = loaded.config, today_utc()
    noted = [*notes(settings, today), *unit_lots.notes(settings), *sense.notes(loaded)]
    told = {
        "ok": True,
        "mode": mode or settings.node.mode,
        "venues": len(settings.venue),
        "instruments": len(settings.instrument),
        "pairs": len(settings.pair),
        "calendars": calendars_of(settings, today),
        "notes": noted,
        "sha256": fingerprint(settings),
    }
    if out.format == "table":
        told = {**told, "calendars": " ".join(sorted(told["calendars"])) or None, "notes": len(noted) or None}
        told = {key: value for key, value in told.items() if value is not None}
    out.one(told)
    for note in noted if out.format == "table" else ():
        out.say(f"hedgerow: note: {note}")
    return FINE


def today_utc() -> date:
    """The day by this machine's clock."""
    return datetime.fromtimestamp(SystemClock().wall_ns() // 1_000_000_000, UTC).date()


def problem_row(problem: ConfigError) -> dict[str, object]:
    """One problem as a row of the table."""
    return {"file": problem.file, "key": problem.key, "value": problem.value, "allowed": problem.allowed}


@config.command()
@files_option
@click.option("--all", "everything", is_flag=True, help="Defaults that no file says, too.")
@pass_out
def show(out: Output, files: tuple[str, ...], everything: bool) -> None:
    """Show what the files say together, and which file said it."""
    loaded = read(files)
    if out.format == "json":
        out.one(msgspec.to_builtins(loaded.config))
        return
    out.many(
        list(rows(loaded, (), msgspec.to_builtins(loaded.config), everything=everything)), ["key", "value", "file"]
    )


def rows(loaded: Loaded, path: tuple[str | int, ...], value: object, *, everything: bool):
    """Each setting in its own row, in the schema's order."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if is_tables(value) else None
    if inner is not None:
        for key, deeper in inner:
            yield from rows(loaded, (*path, key), deeper, everything=everything)
        return
    said = loaded.layers.value_of(path) is not None
    if said or (everything and value is not None):
        file = loaded.layers.file_of(path) if said else "default"
        yield {"key": loaded.layers.key_of(path), "value": value, "file": file}


def is_tables(value: object) -> bool:
    """Whether a value is a list of tables."""
    return isinstance(value, list | tuple) and bool(value) and isinstance(value[0], dict)
