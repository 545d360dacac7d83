"""Every reader of bytes from outside, and what it may do with any bytes.

It refuses them with the error that its callers handle, or accepts them: then
what it says must be what the bytes say, by a reading of its own (a decoder of
another library, a second round, the records as they were). Anything else is a
finding. Seeds are files of a corpus; each finding is kept there and replayed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from math import isnan
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgpack
import msgspec
from msgspec.structs import astuple

from config import load as config_load
from config.schema import Config
from config.sessions import File
from domain.errors import ConfigError, HedgerowError, JournalError, WireError
from exchange import config as exchange_config
from exchange.errors import ExchangeError
from gateways.replay.mapping import HOUSE, FileMap, wrong_with
from gateways.replay.reader import read_rows
from gateways.store import Store
from journal.format import HEADER_BYTES, decode_header, decode_marks
from journal.scan import Scan
from simulation.mutate import mutated
from wire import codec, exchange, exposures, inspection, records, snapshots
from wire.messages import tag_of

Read = Callable[[bytes, Path], bool]
"""(bytes, a scratch folder) -> accepted; raises WronglyAccepted, or what is a finding."""


class WronglyAccepted(Exception):
    """What was accepted is not what the bytes say."""


class Target(NamedTuple):
    """A reader; `packed`: its seeds are MessagePack."""

    name: str
    read: Read
    packed: bool


class Finding(NamedTuple):
    """Bytes that a reader met wrongly, and how."""

    target: str
    body: bytes
    what: str


def _plain(body: bytes) -> Any:
    """What stands there, by another library's reading; text that is none is kept as it is."""
    return msgpack.unpackb(body, strict_map_key=False, unicode_errors="surrogateescape")


def _same(told: Any, plain: Any) -> bool:
    """Equal, types too: 1 is not True; a list is a tuple, an int a float of that value."""
    told, plain = (list(astuple(each)) if isinstance(each, msgspec.Struct) else each for each in (told, plain))
    if isinstance(told, (list, tuple)):
        return isinstance(plain, (list, tuple)) and len(told) == len(plain) and all(map(_same, told, plain))
    if isinstance(told, dict):
        return isinstance(plain, dict) and told.keys() == plain.keys() and all(_same(told[key], plain[key]) for key in told)
    if isinstance(told, float) and isinstance(plain, int) and not isinstance(plain, bool):
        return told == plain
    return type(told) is type(plain) and (told == plain or (isinstance(told, float) and isnan(told) and isnan(plain)))


def _by_array(decode: Callable[[bytes], Any], fields: Callable[[Any], Sequence[Any]], *, longer: bool) -> Read:
    """A frame that is an array of a tag and fields; `longer`: a later version may add some."""

    def read(body: bytes, _folder: Path) -> bool:
        try:
            message = decode(body)
        except WireError:
            return False
        told, stands = list(fields(message)), msgspec.msgpack.decode(body, type=list[msgspec.Raw])
        plain = [_plain(bytes(each)) for each in stands[: len(told)]]  # what is after them may be anything
        if not _same(told[: len(plain)], plain):
            raise WronglyAccepted(f"{told} was read, {plain} stands there")
        if len(stands) > len(told) and not longer:
            raise WronglyAccepted(f"{len(stands) - len(told)} more fields than a message has")
        if not _same(list(fields(decode(msgpack.packb(told)))), told):
            raise WronglyAccepted(f"{told} written again is read as another")
        return True

    return read


def _wire_fields(message: Any) -> list[Any]:
    return [tag_of[type(message)], *astuple(message)]


def _request_fields(request: Any) -> list[Any]:
    return [request.req_id, request.verb, request.args, request.body]


def _again(decode: Callable[[bytes], Any], encode: Callable[[Any], bytes]) -> Read:
    """What is accepted, written and read again, is the same."""

    def read(body: bytes, _folder: Path) -> bool:
        try:
            value = decode(body)
        except WireError:
            return False
        again = decode(encode(value))
        if not _same(again, value):
            raise WronglyAccepted(f"{value} written again is read as {again}")
        return True

    return read


def _decision(body: bytes, _folder: Path) -> bool:
    try:
        value = records.decode_decision(body)
    except WireError:
        return False
    plain = _plain(body)
    told = [value.actor, value.pair, value.hedge]
    if told != [plain["actor"], plain["pair"], plain["hedge"]] or len(value.facts) != len(plain["facts"]):
        raise WronglyAccepted(f"{told} and {len(value.facts)} facts were read")
    return True


def _reply(body: bytes, _folder: Path) -> bool:
    try:
        reply = inspection.decode_reply(body)
    except WireError:
        return False
    plain = _plain(body)
    if reply.req_id != plain[0] or (reply.problem is None) != plain[1]:
        raise WronglyAccepted(f"{reply} was read, {plain} stands there")
    return True


def _exposure(body: bytes, _folder: Path) -> bool:
    try:
        told = exposures.decode_exposure(body, "fuzz")
    except WireError:
        return False
    plain = msgspec.json.decode(body)
    if told.version != plain["version"] or Decimal(told.qty) != Decimal(plain["qty"]):
        raise WronglyAccepted(f"{told} was read, {plain} stands there")
    return True


def _snapshot(body: bytes, _folder: Path) -> bool:
    """Its digest is made right, so that what is behind it is reached."""
    import hashlib

    start = len(snapshots.MAGIC) + 32
    whole = snapshots.MAGIC + hashlib.sha256(body[start:]).digest() + body[start:]
    accepted = False
    for data in (body, whole):
        try:
            value = snapshots.decode_snapshot(data)
        except WireError:
            continue
        accepted = True
        if not _same(snapshots.decode_snapshot(snapshots.encode_snapshot(value)), value):
            raise WronglyAccepted("a snapshot written again is another")
    return accepted


def _segment(originals: dict[int, list[tuple[int, bytes]]]) -> Read:
    """A journal's segment: what is read of it is a beginning of one that was written."""

    def read(body: bytes, _folder: Path) -> bool:
        try:
            header = decode_header(body)
        except JournalError:
            return False
        decode_marks(body[:HEADER_BYTES])
        found = [(record.seq, record.hash) for record in Scan(body, header)]
        if not originals:
            return bool(found)
        known = originals.get(header.ordinal, [])
        if found != known[: len(found)]:
            raise WronglyAccepted(f"{len(found)} records were read that nobody wrote")
        return bool(found)

    return read


def _store(body: bytes, folder: Path) -> bool:
    """A gateway's file: refused, or read and gone on with."""
    path = folder / "20260101.orders"
    for old in folder.iterdir():
        old.unlink()
    path.write_bytes(body)
    try:
        list(Store(folder).read())
    except JournalError:
        return False
    return True


def _toml(check: Callable[[Path], Any]) -> Read:
    """A file of TOML: an error of ours that says what to do, or a value."""

    def read(body: bytes, folder: Path) -> bool:
        path = folder / "fuzz.toml"
        path.write_bytes(body)
        try:
            check(path)
        except (ConfigError, ExchangeError):
            return False
        return True

    return read


def _configuration(path: Path) -> None:
    from config.checks import problems

    loaded = config_load.load([path])
    problems(loaded)
    again = msgspec.json.decode(msgspec.json.encode(loaded.config), type=Config)
    if again != loaded.config:
        raise WronglyAccepted("a configuration written again is another")


def _recording_map(path: Path) -> None:
    document = config_load.read_toml(path)
    try:
        told = msgspec.convert(document, FileMap, strict=True)
    except msgspec.ValidationError:
        return
    wrong_with(told)


def _calendar(path: Path) -> None:
    from config.sessions import calendar_of, read

    told: File = read(path)
    for group in told.group:
        calendar_of(path, told, group)


def _recording(body: bytes, folder: Path) -> bool:
    path = folder / "fuzz.csv"
    path.write_bytes(body)
    try:
        for row in read_rows(path, Decimal("0.01"), Decimal(1), HOUSE):
            if row.recv_ns < 0:
                raise WronglyAccepted(f"{row}: a time before the epoch")
    except ConfigError:
        return False
    return True


def targets(corpus: Path) -> dict[str, Target]:
    """Every reader, by name."""
    originals: dict[int, list[tuple[int, bytes]]] = {}
    for body in seeds_of(corpus, "segment"):
        try:
            header = decode_header(body)
        except JournalError:
            continue
        records_of = [(record.seq, record.hash) for record in Scan(body, header)]
        if len(records_of) > len(originals.get(header.ordinal, [])):
            originals[header.ordinal] = records_of
    found = (
        Target("feed", _by_array(codec.decode_feed, _wire_fields, longer=True), True),
        Target("from_node", _by_array(codec.decode_from_node, _wire_fields, longer=True), True),
        Target("from_gateway", _by_array(codec.decode_from_gateway, _wire_fields, longer=True), True),
        Target("exchange_client", _by_array(exchange.decode_from_client, exchange.fields_of, longer=False), True),
        Target("exchange_server", _by_array(exchange.decode_from_exchange, exchange.fields_of, longer=False), True),
        Target("request", _by_array(lambda body: inspection.decode_request(body, inspection.MAX_CHANGE_BYTES), _request_fields, longer=False), True),
        Target("reply", _reply, True),
        Target("plain", _again(codec.unpack, codec.pack), True),
        Target("decision", _decision, True),
        Target("exposure", _exposure, False),
        Target("snapshot", _snapshot, True),
        Target("segment", _segment(originals), False),
        Target("store", _store, False),
        Target("configuration", _toml(_configuration), False),
        Target("exchange_file", _toml(exchange_config.load), False),
        Target("recording_map", _toml(_recording_map), False),
        Target("calendar", _toml(_calendar), False),
        Target("recording", _recording, False),
    )
    return {each.name: each for each in found}


def seeds_of(corpus: Path, name: str) -> list[bytes]:
    """The corpus of a reader, in the order of its files' names."""
    return [path.read_bytes() for path in sorted((corpus / name).glob("*")) if path.is_file()]


def fuzz(target: Target, seeds: Sequence[bytes], rng: Random, count: int, folder: Path) -> Iterator[tuple[int, int, Finding | None]]:
    """Mutate and read: (read, accepted, finding) now and then, and at each finding."""
    accepted = 0
    for number in range(1, count + 1):
        body = mutated(rng, seeds, packed=target.packed)
        finding, taken = tried(target, body, folder)
        accepted += taken
        if finding is not None or number % 10_000 == 0 or number == count:
            yield number, accepted, finding


def tried(target: Target, body: bytes, folder: Path) -> tuple[Finding | None, bool]:
    """One body: a finding, or None; whether it was accepted."""
    try:
        return None, target.read(body, folder)
    except HedgerowError as error:
        return Finding(target.name, body, f"{type(error).__name__}, which its callers don't expect: {error}"), False
    except Exception as error:
        return Finding(target.name, body, f"{type(error).__name__}: {error}"), False

