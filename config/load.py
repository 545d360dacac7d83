"""From TOML files to a Config, or one clear error.

Raises ConfigError with the file, the key, the value and what is allowed.
Relative paths are meant from the folder of the file that says them.
"""

from __future__ import annotations

import hashlib
import stat
import tomllib
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any

import msgspec

from config.alike import shared
from config.explain import explained
from config.layers import Layers, Path
from config.schema import Config, Pair, Venue
from domain.errors import ConfigError
from domain.units import decimal_wrong

MAX_FILE_BYTES = 4 * 1024 * 1024
ROOT = FilePath(__file__).resolve().parent.parent
IPC = "ipc://"
_PLAIN = frozenset((str, int, bool, type(None)))
PAPER = "paper"


class Loaded(msgspec.Struct, frozen=True):
    """A configuration, and where each of its values was said."""

    config: Config
    layers: Layers

    def error(self, path: Path, value: object, allowed: str) -> ConfigError:
        """The error to raise about the value at `path`."""
        return ConfigError(self.layers.file_of(path), self.layers.key_of(path), value, allowed)


def load(files: Sequence[str | FilePath]) -> Loaded:
    """Read the files, later over earlier, into one typed configuration."""
    layers = Layers()
    for file in files:
        document = read_toml(FilePath(file))
        try:
            layers.add(str(file), document)
            refuse_floats(layers, (), layers.document)
        except RecursionError:
            raise ConfigError(str(file), "(file)", "tables or lists in one another, hundreds deep", "a few deep") from None
    try:
        config = msgspec.convert(layers.document, Config, strict=True)
    except msgspec.ValidationError as error:
        raise explained(layers, str(error)) from None
    loaded = Loaded(config, layers)
    refuse_decimals(loaded, (), config)
    from config.lots import filled

    return Loaded(shared(filled(placed(loaded)), {}), layers)


def load_checked(files: Sequence[str | FilePath]) -> Config:
    """Like `load`, and every cross check passes, or ConfigError."""
    from config.checks import problems

    loaded = load(files)
    found = problems(loaded)
    if found:
        raise found[0]
    return loaded.config


def fingerprint(config: Config) -> str:
    """SHA-256 of what the configuration says, the same for the same."""
    return hashlib.sha256(msgspec.json.encode(config, order="sorted")).hexdigest()


def read_toml(file: FilePath) -> dict[str, Any]:
    """One file's document; ConfigError where it can't be read as TOML."""
    try:
        found = file.stat()
        if not stat.S_ISREG(found.st_mode):
            raise ConfigError(str(file), "(file)", kind_of(found.st_mode), "a file that can be read; make one: ./hedgerow init DIR")
        if found.st_size > MAX_FILE_BYTES:
            raise ConfigError(str(file), "(file)", f"{found.st_size} bytes", f"at most {MAX_FILE_BYTES} bytes")
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))  # some editors begin a file with a byte order mark
    except OSError as error:
        raise ConfigError(str(file), "(file)", error.strerror, "a file that can be read; make one: ./hedgerow init DIR") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(file), "(file)", str(error), "TOML in UTF-8, each key of a table once") from None
    except ValueError as error:
        raise ConfigError(str(file), "(file)", str(error), "a path, and in the file numbers that a machine can hold") from None
    except RecursionError:
        raise ConfigError(str(file), "(file)", "tables or lists in one another, hundreds deep", "a few deep") from None


def kind_of(mode: int) -> str:
    """What stands where a file should, in words."""
    kinds = ((stat.S_ISDIR, "a directory"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
    return next((word for is_kind, word in kinds if is_kind(mode)), "a device")


def refuse_floats(layers: Layers, path: Path, value: Any) -> None:
    """A number with a point is not exact: it must be written as text."""
    if isinstance(value, float):
        raise ConfigError(layers.file_of(path), layers.key_of(path), value, f'text, so that it is exact: "{value}"')
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, deeper in inner:
        refuse_floats(layers, (*path, key), deeper)


def refuse_decimals(loaded: Loaded, path: Path, value: Any) -> None:
    """Decimal text may spell NaN, Infinity or 1e999999; a setting may not."""
    if isinstance(value, Decimal):
        wrong = decimal_wrong(value)
        if wrong:
            raise loaded.error(path, str(value), wrong)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            deeper = getattr(value, name)
            if deeper.__class__ not in _PLAIN:
                refuse_decimals(loaded, (*path, name), deeper)
    elif isinstance(value, tuple | dict):
        for key, deeper in value.items() if isinstance(value, dict) else enumerate(value):
            refuse_decimals(loaded, (*path, key), deeper)


def placed(loaded: Loaded) -> Config:
    """The configuration with its paths resolved and `{dir}`, `{root}` filled in.

    On paper the node has a folder of its own, so that no journal holds both
    what was traded and what was not; `{dir}` stays what the file says.
    """
    config = loaded.config
    folder = folder_of(loaded, ("node", "dir"))
    directory = str((folder / config.node.dir).resolve())
    tables = tuple(str((folder_of(loaded, ("node", "calendars")) / file).resolve()) for file in config.node.calendars)
    own = f"{directory}/{PAPER}" if config.node.mode == PAPER else directory
    paths = {key: str((folder_of(loaded, ("node", key)) / said).resolve()) for key in ("emergency_dir", "curve_keys") if (said := getattr(config.node, key))}
    node = msgspec.structs.replace(config.node, dir=own, calendars=tables, **paths)
    venues = tuple(placed_venue(loaded, index, venue, directory) for index, venue in enumerate(config.venue))
    pairs = tuple(placed_pair(loaded, index, pair, directory) for index, pair in enumerate(config.pair))
    return msgspec.structs.replace(config, node=node, venue=venues, pair=pairs)


def placed_pair(loaded: Loaded, index: int, pair: Pair, directory: str) -> Pair:
    """One pair with its exposure's file and feed resolved."""
    told = pair.exposure
    if told is None:
        return pair
    file, feed = told.file, told.feed
    if file is not None:
        path = file.replace("{dir}", directory).replace("{root}", str(ROOT))
        file = str((folder_of(loaded, ("pair", index, "exposure", "file")) / path).resolve())
    if feed is not None:
        feed = feed.replace("{dir}", directory).replace("{root}", str(ROOT))
    return msgspec.structs.replace(pair, exposure=msgspec.structs.replace(told, file=file, feed=feed))


def placed_venue(loaded: Loaded, index: int, venue: Venue, directory: str) -> Venue:
    """One venue with its endpoints and command resolved."""

    def filled(text: str) -> str:
        return text.replace("{dir}", directory).replace("{root}", str(ROOT)).replace("{name}", venue.name)

    def endpoint(key: str, text: str) -> str:
        text = filled(text)
        path = text.removeprefix(IPC)
        if path == text or path.startswith(("/", "@")):
            return text
        return IPC + str((folder_of(loaded, ("venue", index, key)) / path).resolve())

    feed = endpoint("feed", venue.feed)
    trade = endpoint("trade", venue.trade) if venue.trade is not None else None
    taken = "" if loaded.config.node.mode == PAPER else trade or ""  # on paper the venue's gateway is to take no order
    command = tuple(filled(word).replace("{feed}", feed).replace("{trade}", taken) for word in venue.command)
    return msgspec.structs.replace(venue, feed=feed, trade=trade, command=command)


def folder_of(loaded: Loaded, path: Path) -> FilePath:
    """The folder of the file that said the value at `path`."""
    if loaded.layers.value_of(path) is None and path[0] != "node":
        return FilePath.cwd()
    file = FilePath(loaded.layers.file_of(path))
    return file.resolve().parent if file.exists() else FilePath.cwd()
