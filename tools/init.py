"""`init`: a user's own folder, from a template that trades at once."""

from __future__ import annotations

import tomllib
from pathlib import Path

import click

from config.load import ROOT
from tools.errors import Refused
from tools.output import Output, pass_out

EXAMPLES = ROOT / "config" / "examples"
TEMPLATES = ROOT / "config" / "templates"
CONFIG_FILE = "hedgerow.toml"
EXCHANGE_FILE = "exchange.toml"
DEFAULT = "cu-HG"


def example_names() -> list[str]:
    """The examples that there are, by name."""
    return sorted(file.stem for file in EXAMPLES.glob("*.toml"))


def template_names() -> list[str]:
    """The templates that there are, by name."""
    return sorted(folder.name for folder in TEMPLATES.iterdir() if (folder / CONFIG_FILE).is_file())


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), required=False)
@click.option("--template", type=click.Choice(template_names()), help=f"A pair of markets, with a simulated exchange of its own (default: {DEFAULT}).")
@click.option("--example", type=click.Choice(example_names()), help="A configuration of config/examples instead, without an exchange.")
@click.option("--list", "listed", is_flag=True, help="The templates that there are.")
@pass_out
def init(out: Output, directory: Path | None, template: str | None, example: str | None, listed: bool) -> None:
    """Write a commented configuration into DIRECTORY; replaces nothing."""
    if listed:
        out.many([row_of(name, out.lang) for name in template_names()])
        return
    if directory is None:
        raise click.UsageError("Missing argument 'DIRECTORY'. (--list shows the templates)")
    if template is not None and example is not None:
        raise click.UsageError("--template or --example, not both")
    texts = texts_of(template or DEFAULT) if example is None else {CONFIG_FILE: read(EXAMPLES / f"{example}.toml")}
    write(directory, texts)
    commands = next_commands(directory, tuple(texts))
    out.one({"directory": str(directory), "files": list(texts)} | ({} if out.format == "table" else {"next": commands}))
    for command in commands if out.format == "table" else ():
        out.say(f"next: {command}")


def row_of(name: str, lang: str) -> dict[str, str]:
    """A template in one line: its pair, and its own words for it."""
    text = read(TEMPLATES / name / CONFIG_FILE)
    chinese, english = (line.removeprefix("# ") for line in text.splitlines()[:2])
    return {"template": name, "pair": tomllib.loads(text)["pair"][0]["name"], "what": chinese if lang == "zh" else english}


def texts_of(template: str) -> dict[str, str]:
    """A template's two files, by name."""
    return {name: read(TEMPLATES / template / name) for name in (CONFIG_FILE, EXCHANGE_FILE)}


def read(file: Path) -> str:
    """A file of ours."""
    return file.read_text(encoding="utf-8")


def next_commands(directory: Path, files: tuple[str, ...]) -> list[str]:
    """What the user types next; the exchange and the node each in a terminal."""
    config = directory / CONFIG_FILE
    commands = [f"./hedgerow config check -c {config}"]
    if EXCHANGE_FILE in files:
        endpoint = f"ipc://{directory.resolve() / 'var' / 'exchange'}"
        commands.append(f"./hedgerow sim serve -c {directory / EXCHANGE_FILE} --endpoint {endpoint}")
    return [*commands, f"./hedgerow run -c {config} --live"]


def write(directory: Path, texts: dict[str, str]) -> None:
    """All of the files, or none where one is there already.

    Raises: Refused.
    """
    for name in texts:
        if (directory / name).exists():
            raise Refused(f"{directory / name} is there already: choose another directory")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "var").mkdir(mode=0o700, exist_ok=True)
        for name, text in texts.items():
            with (directory / name).open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise Refused(f"{error.filename or directory} can't be written: {error.strerror}") from None
