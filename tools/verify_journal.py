#!/usr/bin/env python3
"""Verifies a Hedgerow journal with nothing but Python's own library.

    python3 -I verify_journal.py DIRECTORY [--head SEQ:HASH] [--json]

For auditors: it shares no code with the engine, may be copied anywhere, and
reads format version 1 only. Exit: 0 the record is whole; 6 it is not; 2 there
is nothing to verify. `--head` takes a record's number and hash as noted
earlier: a journal that was rewritten or shortened since cannot hold it.

The format. Segments `segment-NNNNNNNN.journal`, little-endian. Bytes 0-255:
magic HEDGEROW, u16 version, u16 state (1 prepared, 2 in use), u32 header
bytes (4096), u64 ordinal, u64 node epoch, u64 first seq, i64 wall ns, u64
size, 16 bytes boot id, 32 bytes hash that closed the segment before, 32 bytes
configuration hash, 64 bytes code version, zeros, CRC-32 at 252. At 256 zeros
(96 bytes kept for a Merkle root and a signature). At 512 and 1024 a sync mark
each, or zeros: u64 seq, u64 offset, u64 continued, 32 bytes hash, CRC-32.
From 4096 the records: u32 length, u32 CRC-32, u64 seq, i64 wall ns, i64
monotonic ns, u64 cause, u8 kind length, kind, body, 32 bytes hash. The CRC-32
is over seq to hash; the hash is SHA-256 over the hash before (32 bytes) and
seq to body. Before a segment's first record it is SHA-256 of bytes 0-255. A file
`emergency.path` names the segment to which the journal went on when its own disk
failed; it is the last one until the next start takes it in.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import struct
import sys
import zlib
from pathlib import Path

HEADER = struct.Struct("<8sHHIQQQqQ16s32s32s64s")
MARK = struct.Struct("<QQQ32s")
HEAD = struct.Struct("<IIQqqQB")
PAGE = 4096
STATIC = 256
MARKS = (512, 1024)
FINE, USAGE, BROKEN = 0, 2, 6


class Verifier:
    """Goes through the segments in order, listing what is wrong."""

    def __init__(self, head: tuple[int, str] | None = None) -> None:
        self.problems: list[dict] = []
        self.records = self.segments = self.last_seq = self.ordinal = self.epoch = 0
        self.hash = bytes(32)
        self.continued = False
        self.head = head
        self.head_found = False

    def problem(self, name: str, offset: int, seq: int, what: str) -> None:
        self.problems.append({"file": name, "offset": offset, "seq": seq, "what": what})

    def segment(self, name: str, ordinal: int, data: bytes) -> None:
        if len(data) < PAGE or data[:8] != b"HEDGEROW" or crc_at(data, 252) != zlib.crc32(data[:252]):
            self.problem(name, 0, 0, "the header is damaged or cut")
            return
        _, version, state, page, own, epoch, first, _, _, _, before, _, _ = HEADER.unpack_from(data)
        if (version, page) != (1, PAGE) or state not in (1, 2):
            self.problem(name, 0, 0, f"format version {version}, this verifier reads 1")
            return
        if own != ordinal:
            self.problem(name, 0, 0, f"the header says segment {own}")
        if state == 1:
            if data[PAGE:].strip(b"\0"):
                self.problem(name, PAGE, 0, "never begun, yet not empty")
            return
        if before != self.hash or own != self.ordinal + 1 or first != self.last_seq + 1:
            self.problem(name, 0, first, f"does not follow from segment {self.ordinal}, record {self.last_seq}")
        if epoch < self.epoch:
            self.problem(name, 0, first, f"node epoch {epoch} is below {self.epoch}")
        self.segments += 1
        self.ordinal, self.epoch, self.last_seq = own, epoch, first - 1
        self.hash = hashlib.sha256(data[:STATIC]).digest()
        end = self.walk(name, data)
        self.marks(name, data, end)

    def walk(self, name: str, data: bytes) -> int:
        """Checks record after record; the offset behind the last good one."""
        at = PAGE
        while at < len(data):
            why = self.record(data, at)
            if why and not data[at:].strip(b"\0"):
                break
            if why:
                self.problem(name, at, self.last_seq + 1, why)
                break
            at += struct.unpack_from("<I", data, at)[0]
        return at

    def record(self, data: bytes, at: int) -> str:
        """Checks one record and takes its hash over; why it is bad, or ''."""
        if at + HEAD.size + 32 > len(data):
            return "cut within a record"
        length, crc, seq, _, _, cause, kind_bytes = HEAD.unpack_from(data, at)
        if length < HEAD.size + 1 + 32 or at + length > len(data):
            return "its length is wrong, or it is cut"
        if zlib.crc32(data[at + 8 : at + length]) != crc:
            return "its CRC-32 is wrong"
        content, digest = data[at + 8 : at + length - 32], data[at + length - 32 : at + length]
        if hashlib.sha256(self.hash + content).digest() != digest:
            return "its hash does not follow from the record before"
        if seq != self.last_seq + 1 or cause >= seq or not 0 < kind_bytes <= length - HEAD.size - 32:
            return f"seq {seq}, cause {cause} behind record {self.last_seq}"
        self.records += 1
        self.last_seq, self.hash = seq, digest
        if self.head is not None and seq == self.head[0]:
            self.head_found = digest.hex() == self.head[1].lower()
        return ""

    def marks(self, name: str, data: bytes, end: int) -> None:
        """Checks what syncs have promised, and that nothing else is there."""
        furthest = (0, 0, 0, b"")
        rest = bytearray(data[STATIC:PAGE])
        for place in MARKS:
            slot = data[place : place + MARK.size]
            rest[place - STATIC : place - STATIC + MARK.size + 4] = bytes(MARK.size + 4)
            if not data[place : place + MARK.size + 4].strip(b"\0"):
                continue
            if zlib.crc32(slot) != crc_at(data, place + MARK.size):
                self.problem(name, place, 0, "the sync mark fails its CRC-32")
                continue
            seq, offset, continued, digest = MARK.unpack(slot)
            furthest = max(furthest, (seq, continued, offset, digest))
        if rest.strip(b"\0"):
            self.problem(name, STATIC, 0, "bytes that nothing writes are not zero")
        seq, continued, offset, digest = furthest
        self.continued = bool(continued)
        if seq > self.last_seq:
            self.problem(name, end, self.last_seq + 1, f"record {seq} was synced and is missing")
        elif continued and (seq, offset, digest) != (self.last_seq, end, self.hash):
            self.problem(name, offset, seq, "goes on behind the record that sealed it")

    def end(self) -> None:
        if self.continued:
            self.problem(f"segment-{self.ordinal + 1:08d}.journal", 0, self.last_seq + 1, "the segment is missing")
        if self.segments == 0:
            self.problem("", 0, 0, "no segment can be read")
        if self.head is not None and not self.head_found:
            self.problem("", 0, self.head[0], "the record noted as head is not there with that hash")


def crc_at(data: bytes, offset: int) -> int:
    return struct.unpack_from("<I", data, offset)[0] if offset + 4 <= len(data) else -1


def segments_of(directory: Path) -> list[tuple[int, Path]]:
    found = [(re.fullmatch(r"segment-(\d{8,})\.journal", path.name), path) for path in directory.iterdir()]
    found = {int(match[1]): path for match, path in found if match}
    pointer = directory / "emergency.path"
    place = Path(pointer.read_text()) if pointer.is_file() else None
    ordinal = ordinal_in_use(place) if place is not None else 0
    if ordinal and (ordinal not in found or not ordinal_in_use(found[ordinal])):
        found = {each: path for each, path in found.items() if each < ordinal} | {ordinal: place}
    return sorted(found.items())


def ordinal_in_use(path: Path) -> int:
    """Of a segment that holds records; 0 where it is ready, gone or damaged."""
    data = path.read_bytes()[:PAGE] if path.is_file() else b""
    if len(data) < PAGE or data[:8] != b"HEDGEROW" or crc_at(data, 252) != zlib.crc32(data[:252]):
        return 0
    fields = HEADER.unpack_from(data)
    return fields[4] if fields[2] == 2 else 0


def verify(directory: Path, head: tuple[int, str] | None = None) -> Verifier:
    verifier = Verifier(head)
    for ordinal, path in segments_of(directory):
        verifier.segment(path.name, ordinal, path.read_bytes())
    verifier.end()
    return verifier


def head_of(text: str) -> tuple[int, str]:
    seq, _, digest = text.partition(":")
    if not seq.isdigit() or not re.fullmatch("[0-9a-fA-F]{64}", digest):
        raise argparse.ArgumentTypeError("give SEQ:HASH, a number and 64 hex digits")
    return int(seq), digest


def main(argv: list[str] | None = None) -> int:
    """The command line; its exit code."""
    parser = argparse.ArgumentParser(description="Verify a Hedgerow journal.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--head", type=head_of, help="SEQ:HASH noted earlier")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(argv)
    if not given.directory.is_dir() or not segments_of(given.directory):
        print(f"{given.directory}: no journal there: give the directory with segment-*.journal in it", file=sys.stderr)
        return USAGE
    found = verify(given.directory, given.head)
    summary = {
        "ok": not found.problems,
        "records": found.records,
        "segments": found.segments,
        "last_seq": found.last_seq,
        "last_hash": found.hash.hex(),
        "problems": found.problems,
    }
    if given.json:
        print(json.dumps(summary, indent=2))
    else:
        for each in found.problems:
            print(f"{each['file']} offset {each['offset']} record {each['seq']}: {each['what']}")
        print(f"{'whole' if not found.problems else 'BROKEN'}: {found.records} records in {found.segments} segments")
        print(f"head {found.last_seq}:{found.hash.hex()}")
    return BROKEN if found.problems else FINE


if __name__ == "__main__":
    sys.exit(main())
