"""A recording's TOML: its files, what their columns say, which pair.

The recordings that come with the program are in config/recordings, each with
the pair that trades on it; the data itself is somebody else's and lies where
HEDGEROW_DATA says, or in the folder that the command is given.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from msgspec.inspect import LiteralType, NoneType, StrType, StructType, TupleType, UnionType, type_info

from config.explain import allowed_text, path_of
from config.load import ROOT, read_toml
from domain.errors import ConfigError
from gateways.replay.mapping import FileMap, Table, wrong_with
from tools.errors import ToolError, UsageError

RECORDINGS = ROOT / "config" / "recordings"
DEFAULT = "btc-linear"
DATA_VARIABLE = "HEDGEROW_DATA"
DATA_BESIDE = ROOT.parent / "shared" / "data"
OWN_FILE = "recording.toml"
"""What `record` writes beside its files."""


class RecordingFile(Table):
    """The whole file.

    Shape: `pair` are configurations beside it, later over earlier; `calendars`
    tables of sessions that hold for the recorded days, where ours do not.
    """

    file: Annotated[tuple[FileMap, ...], Meta(min_length=1)]
    name: str = ""
    folder: str = ""
    pair: tuple[str, ...] = ()
    calendars: tuple[str, ...] = ()
    zone: str = "UTC"
    note: str = ""


class Recording(msgspec.Struct, frozen=True):
    """A recording's file and where its data lies; `beside`: others that are played with it."""

    source: Path
    told: RecordingFile
    data: Path
    beside: tuple[Recording, ...] = ()

    @property
    def parts(self) -> tuple[Recording, ...]:
        """It, and those that are played with it."""
        return (self, *self.beside)

    @property
    def name(self) -> str:
        """What it is called where it shows."""
        return "+".join(each.told.name or each.source.stem for each in self.parts)

    @property
    def zone(self) -> str:
        """The zone in which it is read: the first one's."""
        return self.told.zone

    def config_files(self) -> list[Path]:
        """The pairs' configuration that comes with it, each file once."""
        return list(dict.fromkeys((part.source.parent / name).resolve() for part in self.parts for name in part.told.pair))

    def calendar_files(self) -> list[Path]:
        """Its own tables of sessions, each once."""
        return list(dict.fromkeys((part.source.parent / name).resolve() for part in self.parts for name in part.told.calendars))

    def map_of(self, venue: str, symbol: str) -> tuple[FileMap, tuple[Path, ...]]:
        """One instrument's map, and its files in the order of their names.

        Raises: ConfigError where nobody recorded it, or two in different ways.
        """
        found = [(part, each) for part in self.parts for each in part.told.file if (each.venue, each.symbol) == (venue, symbol)]
        if not found:
            known = ", ".join(dict.fromkeys(f"{each.venue}/{each.symbol}" for part in self.parts for each in part.told.file))
            raise ConfigError(self._sources(), "file", f"{venue}/{symbol}", f"one that is recorded: {known}")
        first = (found[0][1], _paths(found[0][0].data, found[0][1]))
        if any((each, _paths(part.data, each)) != first for part, each in found[1:]):
            raise ConfigError(self._sources(), "file", f"{venue}/{symbol}", "recorded once, or read alike in each of them")
        return first

    def zone_of(self, venue: str) -> str:
        """The zone whose dates name a venue's trading days, where no calendar does."""
        return next((part.told.zone for part in self.parts if any(each.venue == venue for each in part.told.file)), self.zone)

    def _sources(self) -> str:
        return ", ".join(str(part.source) for part in self.parts)


def names() -> list[str]:
    """The recordings that come with the program."""
    return sorted(path.stem for path in RECORDINGS.glob("*.toml"))


def load_recording(source: Path) -> RecordingFile:
    """Read and check a recording's file. Raises: ConfigError."""
    document = read_toml(source)
    try:
        told = msgspec.convert(document, RecordingFile, strict=True)
    except msgspec.ValidationError as error:
        raise _explained(source, document, str(error)) from None
    seen: set[tuple[str, str]] = set()
    for index, each in enumerate(told.file):
        wrong = wrong_with(each)
        if wrong is not None:
            key, value, allowed = wrong
            raise ConfigError(str(source), f"file[{index}].{key}", value, allowed)
        if (each.venue, each.symbol) in seen:
            raise ConfigError(str(source), f"file[{index}].symbol", each.symbol, "each instrument of a venue once")
        seen.add((each.venue, each.symbol))
    return told


def find_recording(what: str | None, data: str | None = None) -> Recording:
    """The recording that a word names: one of ours, a file, or a folder.

    A folder is one that `record` wrote, or holds the data of the default.
    Raises: UsageError, ConfigError; ToolError where the data is not there.
    """
    word = what or DEFAULT
    path = Path(word)
    if path.is_dir() and (path / OWN_FILE).is_file():
        source, data = path / OWN_FILE, str(path)
    elif path.is_dir():
        source, data = RECORDINGS / f"{DEFAULT}.toml", str(path)
    elif word in names():
        source = RECORDINGS / f"{word}.toml"
    elif path.is_file():
        source = path
    else:
        raise UsageError(f"no recording {word!r}: one of {', '.join(names())}, a recording's .toml, or a folder of one")
    told = load_recording(source)
    return Recording(source.resolve(), told, _data_of(source, told, data))


def find_recordings(words: Sequence[str], data: Sequence[str] | str | None = None) -> Recording:
    """The recordings that several words name, as one. `data`: for all, or for each.

    Raises: as `find_recording`; UsageError where one is named twice.
    """
    places = [data] * max(1, len(words)) if data is None or isinstance(data, str) else list(data)
    if len(places) != max(1, len(words)):
        raise UsageError(f"{len(words)} recordings and {len(places)} folders of data: one for each, or none")
    first, *others = [find_recording(word, place) for word, place in zip(words or [None], places, strict=True)]
    if len({each.source for each in (first, *others)}) <= len(others):
        raise UsageError(f"{', '.join(words)}: each recording once")
    return msgspec.structs.replace(first, beside=tuple(others))


def pairs_of(recording: Recording, files: Sequence[Path]) -> list[Path]:
    """The configuration of the pairs: as given, else the recordings' own. Raises: UsageError."""
    configs = list(files) or recording.config_files()
    if not configs:
        raise UsageError(f"{recording.source} names no pair: give its configuration with -c FILE")
    return configs


def _data_of(source: Path, told: RecordingFile, given: str | None) -> Path:
    """Where the files are: as given; else beside their map, by HEDGEROW_DATA, or beside us."""
    start = Path(given or os.environ.get(DATA_VARIABLE) or DATA_BESIDE)
    beside = [source.parent, source.parent / told.folder] if not given else []
    tried = [*beside, start, start / told.folder, start.parent / told.folder]
    for folder in tried:
        if not _missing(folder, told):
            return folder.resolve()
    best = min(tried[len(beside) :], key=lambda folder: len(_missing(folder, told)))
    raise ToolError(
        f"no recorded data: {', '.join(_missing(best, told))} not in {best}; "
        f"name the folder: hedgerow replay {told.name or source} --data DIR, or set {DATA_VARIABLE}"
    )


def _missing(folder: Path, told: RecordingFile) -> list[str]:
    return [each.path for each in told.file if not _paths(folder, each)]


def _paths(folder: Path, told: FileMap) -> tuple[Path, ...]:
    if not any(mark in told.path for mark in "*?["):
        path = folder / told.path
        return (path,) if path.is_file() else ()
    return tuple(sorted(folder.glob(told.path)))


def _explained(source: Path, document: dict[str, Any], text: str) -> ConfigError:
    """msgspec's complaint as ours: file, key, value, what is allowed."""
    said, _, place = text.partition(" - at ")
    path = path_of(place)
    unknown = re.match(r"Object contains unknown field `(.*)`", said)
    missing = re.match(r"Object missing required field `(.*)`", said)
    allowed = _allowed(said, _type_at(path))
    if unknown:
        keys = [field.name for field in getattr(_type_at(path), "fields", ())]
        near = difflib.get_close_matches(unknown[1], keys, 1)
        allowed = (f"did you mean {near[0]}? " if near else "") + f"one of {', '.join(keys)}"
        path = (*path, unknown[1])
    elif missing:
        allowed, path = "required: it must be given", (*path, missing[1])
    key = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
    return ConfigError(str(source), key or "(file)", _value_at(document, path), allowed)


def _allowed(said: str, kind: Any) -> str:
    if isinstance(kind, LiteralType):
        return f"one of {', '.join(map(str, kind.values))}"
    if isinstance(kind, StrType) and kind.pattern is not None:
        return "hours such as 09:00-11:30, a night's such as 21:00-02:30"
    return allowed_text(said)


def _type_at(path: tuple[str | int, ...]) -> Any:
    """The schema's type of a place in the file."""
    kind: Any = type_info(RecordingFile)
    for step in path:
        if isinstance(kind, StructType):
            kind = next((field.type for field in kind.fields if field.name == step), None)
        elif isinstance(kind, TupleType) and isinstance(step, int):
            kind = kind.item_types[min(step, len(kind.item_types) - 1)]
        else:
            kind = getattr(kind, "item_type", None)
        if isinstance(kind, UnionType):
            kind = next(each for each in kind.types if not isinstance(each, NoneType))
    return kind


def _value_at(document: Any, path: tuple[str | int, ...]) -> Any:
    """What stands there, None where nothing does."""
    for step in path:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return None
    return document
