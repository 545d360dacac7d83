"""Walks the records of one segment held in memory."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator

from journal.format import (
    CONTENT_AT,
    HASH_BYTES,
    LENGTH_CRC,
    MAX_RECORD_BYTES,
    RECORD_HEAD,
    RECORD_MIN_BYTES,
    RECORDS_START,
    Header,
    Record,
    opening_hash,
)

_SEQ = struct.Struct("<Q")
_SEQ_AT = CONTENT_AT


class Scan:
    """The records of a segment up to its end or its first bad byte.

    Shape: iterate, then read `offset`, `last_seq`, `hash` (all of the last
    good record) and `fault`: empty if only zeros follow, else why it stopped.
    """

    def __init__(self, data: bytes, header: Header) -> None:
        self.data = data
        self.offset = RECORDS_START
        self.last_seq = header.first_seq - 1
        self.hash = opening_hash(data)
        self.fault = ""

    def __iter__(self) -> Iterator[Record]:
        data, size = self.data, len(self.data)
        while self.offset < size:
            start = self.offset
            self.fault = fault_at(data, start, self.last_seq + 1)
            if self.fault:
                if data[start:] == bytes(size - start):
                    self.fault = ""
                return
            length, _, seq, wall_ns, mono_ns, cause, kind_bytes = RECORD_HEAD.unpack_from(data, start)
            hash_at = start + length - HASH_BYTES
            digest = data[hash_at : start + length]
            if hashlib.sha256(self.hash + data[start + CONTENT_AT : hash_at]).digest() != digest:
                self.fault = "its hash does not follow from the hash before: the chain is broken"
                return
            body_at = start + RECORD_HEAD.size + kind_bytes
            kind = data[start + RECORD_HEAD.size : body_at].decode(errors="replace")
            self.offset, self.last_seq, self.hash = start + length, seq, digest
            yield Record(seq, wall_ns, mono_ns, kind, cause, data[body_at:hash_at], digest)

    def finish(self) -> Scan:
        """Walks to the end, keeping nothing."""
        for _ in self:
            pass
        return self


def fault_at(data: bytes, start: int, seq: int) -> str:
    """Why no record `seq` stands at `start`; empty if one does (its CRC)."""
    if len(data) - start < RECORD_MIN_BYTES:
        return "the bytes left are too few for a record"
    length, crc = LENGTH_CRC.unpack_from(data, start)
    if not RECORD_MIN_BYTES <= length <= MAX_RECORD_BYTES:
        return f"a length of {length} bytes cannot be"
    if start + length > len(data):
        return f"a record of {length} bytes does not end within the file"
    if zlib.crc32(data[start + CONTENT_AT : start + length]) != crc:
        return "its CRC-32 is wrong"
    _, _, found, _, _, cause, kind_bytes = RECORD_HEAD.unpack_from(data, start)
    if found != seq:
        return f"seq {found} stands where {seq} should"
    if kind_bytes == 0 or RECORD_HEAD.size + kind_bytes + HASH_BYTES > length:
        return "its kind does not fit into it"
    if cause >= seq:
        return f"its cause {cause} is not before it"
    return ""


def later_record(data: bytes, start: int, seq: int) -> int:
    """Offset of a whole record at or after `start` with seq >= `seq`; or -1.

    A torn tail has none. Every offset is looked at: first for the bytes
    that all seqs which may follow have in common, then for a record.
    """
    used = len(data.rstrip(b"\0")) + HASH_BYTES
    most = seq + max(used - start, 0) // RECORD_MIN_BYTES + 1
    low, high = _SEQ.pack(seq), _SEQ.pack(most)
    shared = next((n for n in range(_SEQ.size) if low[n:] == high[n:]), _SEQ.size)
    needle, shift = low[shared:], _SEQ_AT + shared
    at = data.find(needle, start + shift, used)
    while at != -1:
        found_at = at - shift
        if found_at + RECORD_MIN_BYTES > len(data):
            return -1
        found = _SEQ.unpack_from(data, found_at + _SEQ_AT)[0]
        if seq <= found <= most and not fault_at(data, found_at, found):
            return found_at
        at = data.find(needle, at + 1, used)
    return -1
