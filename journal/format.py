"""The journal's bytes: segment header, sync marks, records.

A segment is one file, little-endian, `segment-NNNNNNNN.journal`:

    0     header, 256 bytes: magic, format version, state, ordinal, node
          epoch, first seq, wall ns, size, boot id, hash that closed the
          segment before, configuration hash, code version, CRC-32
    256   32 bytes Merkle root, 64 bytes signature: zero until they are used
    512   sync mark A          1024  sync mark B (they take turns)
    4096  records, one after the other, then zeros

    record   length u32 | crc u32 | seq u64 | wall ns i64 | monotonic ns i64
             | cause u64 | kind length u8 | kind | body | hash 32 bytes
    hash     SHA-256(hash before + content), content = seq .. body
    crc      CRC-32(content + hash)

The hash before a segment's first record is SHA-256 of its header, which
holds the hash that closed the segment before: one chain over all files.
A mark says up to where a sync has succeeded: what it covers was promised,
so damage there is never taken for a torn tail.
"""

from __future__ import annotations

import hashlib
import struct
import zlib

import msgspec

from domain.errors import JournalError

MAGIC = b"HEDGEROW"
FORMAT_VERSION = 1
HEADER_BYTES = 4096
RECORDS_START = HEADER_BYTES
HASH_BYTES = 32
NO_HASH = bytes(HASH_BYTES)
MAX_RECORD_BYTES = 16 * 1024 * 1024
MAX_KIND_BYTES = 64
CODE_VERSION_BYTES = 64
MIN_SEGMENT_BYTES = 16 * 1024

PREPARED, ACTIVE = 1, 2
"""A segment's state: allocated and unused; or holding records."""

_HEADER = struct.Struct("<8sHHIQQQqQ16s32s32s64s")
_HEADER_CRC_AT = 252
_MARKS_AT = (512, 1024)
_MARK = struct.Struct("<QQQ32s")
_CRC = struct.Struct("<I")

LENGTH_CRC = struct.Struct("<II")
FIXED = struct.Struct("<QqqQ")
RECORD_HEAD = struct.Struct("<IIQqqQB")
CONTENT_AT = LENGTH_CRC.size
RECORD_OVERHEAD = LENGTH_CRC.size + FIXED.size + HASH_BYTES
"""Bytes of a record that are neither kind (with its length) nor body."""
RECORD_MIN_BYTES = RECORD_OVERHEAD + 2


class Header(msgspec.Struct, frozen=True):
    """What a segment says about itself. Units: ns since the epoch."""

    ordinal: int
    size_bytes: int
    state: int = ACTIVE
    node_epoch: int = 0
    first_seq: int = 0
    wall_ns: int = 0
    boot_id: bytes = bytes(16)
    prev_hash: bytes = NO_HASH
    config_hash: bytes = NO_HASH
    code_version: str = ""
    version: int = FORMAT_VERSION


class Mark(msgspec.Struct, frozen=True):
    """Up to `seq`, ending at `offset`, the segment is safe on disk.

    `continued`: another segment follows, so a missing one is a loss.
    """

    seq: int
    offset: int
    hash: bytes
    continued: bool = False


class Record(msgspec.Struct, frozen=True):
    """One record as kept. `cause` is the seq that led to it, 0 for none."""

    seq: int
    wall_ns: int
    mono_ns: int
    kind: str
    cause: int
    body: bytes
    hash: bytes


def encode_header(header: Header) -> bytes:
    """The 256 bytes of a segment's header, its CRC-32 at the end."""
    code = header.code_version.encode()[:CODE_VERSION_BYTES]
    packed = _HEADER.pack(
        MAGIC,
        header.version,
        header.state,
        HEADER_BYTES,
        header.ordinal,
        header.node_epoch,
        header.first_seq,
        header.wall_ns,
        header.size_bytes,
        header.boot_id,
        header.prev_hash,
        header.config_hash,
        code,
    ).ljust(_HEADER_CRC_AT, b"\0")
    return packed + _CRC.pack(zlib.crc32(packed))


def decode_header(data: bytes) -> Header:
    """The header of a segment whose first page is `data`.

    Raises: JournalError, saying what is wrong (the caller names the file).
    """
    if len(data) < HEADER_BYTES:
        raise JournalError(f"only {len(data)} bytes long, the header alone takes {HEADER_BYTES}: the file was cut")
    static = bytes(data[:_HEADER_CRC_AT])
    if static[: len(MAGIC)] != MAGIC:
        raise JournalError("does not begin as a segment of a journal does: the header is damaged")
    if zlib.crc32(static) != _CRC.unpack_from(data, _HEADER_CRC_AT)[0]:
        raise JournalError("its header fails its CRC-32: the header is damaged")
    fields = _HEADER.unpack_from(static)
    _, version, state, header_bytes, ordinal, epoch, first_seq, wall_ns, size, boot, prev, config, code = fields
    if version != FORMAT_VERSION or header_bytes != HEADER_BYTES or state not in (PREPARED, ACTIVE):
        raise JournalError(f"format version {version}, this code reads {FORMAT_VERSION}: use the code that wrote it")
    return Header(
        ordinal=ordinal,
        size_bytes=size,
        state=state,
        node_epoch=epoch,
        first_seq=first_seq,
        wall_ns=wall_ns,
        boot_id=boot,
        prev_hash=prev,
        config_hash=config,
        code_version=code.rstrip(b"\0").decode(errors="replace"),
        version=version,
    )


def opening_hash(header_bytes: bytes) -> bytes:
    """The chain's hash before the first record of a segment."""
    return hashlib.sha256(header_bytes[: _HEADER_CRC_AT + _CRC.size]).digest()


def encode_mark(mark: Mark) -> bytes:
    packed = _MARK.pack(mark.seq, mark.offset, int(mark.continued), mark.hash)
    return packed + _CRC.pack(zlib.crc32(packed))


MARK_BYTES = _MARK.size + _CRC.size


def mark_offset(turn: int) -> int:
    """Where the mark of this turn is written: the two slots take turns."""
    return _MARKS_AT[turn % len(_MARKS_AT)]


def decode_marks(page: bytes) -> tuple[Mark | None, list[str]]:
    """The furthest mark of a header page, and what is damaged there.

    Anything that isn't zero where nothing is written is damage too.
    """
    best: Mark | None = None
    faults = []
    rest = bytearray(page[:HEADER_BYTES])
    rest[: _HEADER_CRC_AT + _CRC.size] = bytes(_HEADER_CRC_AT + _CRC.size)
    for at in _MARKS_AT:
        slot = bytes(rest[at : at + MARK_BYTES])
        rest[at : at + MARK_BYTES] = bytes(MARK_BYTES)
        if not slot.strip(b"\0"):
            continue
        mark = _decode_mark(slot)
        if mark is None:
            faults.append(f"the sync mark at offset {at} fails its CRC-32")
        elif best is None or (mark.seq, mark.continued) >= (best.seq, best.continued):
            best = mark
    if rest.strip(b"\0"):
        faults.append("bytes of the header page that nothing writes are not zero")
    return best, faults


def _decode_mark(slot: bytes) -> Mark | None:
    seq, offset, flags, digest = _MARK.unpack_from(slot)
    if zlib.crc32(slot[: _MARK.size]) != _CRC.unpack_from(slot, _MARK.size)[0] or flags > 1:
        return None
    return Mark(seq=seq, offset=offset, hash=digest, continued=bool(flags))


def checked(code_version: str, config_hash: bytes | str, segment_bytes: int) -> tuple[str, bytes]:
    """What a header is made of, as it goes into one. Raises: JournalError."""
    digest = bytes.fromhex(config_hash) if isinstance(config_hash, str) else config_hash
    if len(digest) != HASH_BYTES:
        raise JournalError(f"a configuration hash has {HASH_BYTES} bytes, this one {len(digest)}: give its SHA-256")
    if len(code_version.encode()) > CODE_VERSION_BYTES:
        raise JournalError(f"code version {code_version!r}: at most {CODE_VERSION_BYTES} bytes")
    if segment_bytes < MIN_SEGMENT_BYTES:
        raise JournalError(f"segment_bytes {segment_bytes}: at least {MIN_SEGMENT_BYTES}")
    return code_version, digest
