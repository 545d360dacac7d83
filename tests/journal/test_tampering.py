"""Whoever changes a closed journal is found out, by both verifiers."""

from __future__ import annotations

import hashlib
import importlib
import json
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from journal.format import CONTENT_AT, HASH_BYTES, LENGTH_CRC, RECORDS_START, decode_header, encode_header, opening_hash
from journal.scan import Scan
from journal.segment import segment_paths
from journal.verify import verify

from .conftest import fill

ALONE = Path(importlib.import_module("tools.verify_journal").__file__)
alone = importlib.import_module("tools.verify_journal")


@pytest.fixture
def closed(open_journal):
    """A closed journal of four segments or so."""
    journal = open_journal()
    fill(journal, 500)
    journal.close()
    return journal


def both(directory, head=None):
    """What the two verifiers say; they must agree."""
    ours, theirs = verify(directory, head=head), alone.verify(directory, head)
    assert ours.ok == (not theirs.problems), (ours.problems, theirs.problems)
    return ours.ok


def offsets(path):
    data = path.read_bytes()
    scan, found = Scan(data, decode_header(data)), [RECORDS_START]
    found += [scan.offset for _ in scan]
    return data, found


def rechained(path, records, **changes):
    """The segment written again with these raw records, all CRCs and hashes made right."""
    data = path.read_bytes()
    head = encode_header(decode_header(data)) + data[256:RECORDS_START]
    chain, out = opening_hash(head), []
    for raw in records:
        content = raw[CONTENT_AT:-HASH_BYTES]
        chain = hashlib.sha256(chain + content).digest()
        out.append(LENGTH_CRC.pack(len(raw), zlib.crc32(content + chain)) + content + chain)
    return head + b"".join(out)


def raw_records(path):
    data, at = offsets(path)
    return [data[a:b] for a, b in zip(at, at[1:], strict=False)]


def test_untouched_journal_verifies(closed):
    assert both(closed.directory)


def test_edit_is_detected(closed):
    path = segment_paths(closed.directory)[2]
    data, at = offsets(path)
    path.write_bytes(data[: at[3] + 60] + b"X" + data[at[3] + 61 :])
    assert not both(closed.directory)


def test_edit_with_its_own_crc_made_right_is_detected(closed):
    path = segment_paths(closed.directory)[2]
    data, at = offsets(path)
    raw = bytearray(data[at[3] : at[4]])
    raw[60] ^= 1
    raw[:CONTENT_AT] = LENGTH_CRC.pack(len(raw), zlib.crc32(raw[CONTENT_AT:]))
    path.write_bytes(data[: at[3]] + bytes(raw) + data[at[4] :])
    assert not both(closed.directory)


def test_deleted_record_is_detected(closed):
    path = segment_paths(closed.directory)[2]
    data, at = offsets(path)
    path.write_bytes(data[: at[3]] + data[at[4] :])
    assert not both(closed.directory)


def test_inserted_record_is_detected(closed):
    path = segment_paths(closed.directory)[2]
    data, at = offsets(path)
    path.write_bytes(data[: at[4]] + data[at[3] : at[4]] + data[at[4] :])
    assert not both(closed.directory)


def test_reordered_records_are_detected(closed):
    path = segment_paths(closed.directory)[2]
    data, at = offsets(path)
    path.write_bytes(data[: at[3]] + data[at[4] : at[5]] + data[at[3] : at[4]] + data[at[5] :])
    assert not both(closed.directory)


@pytest.mark.parametrize("where", ["first", "last"])
def test_cut_at_a_record_is_detected(closed, where):
    paths = list(segment_paths(closed.directory).values())
    path = paths[0] if where == "first" else paths[-1]
    data, at = offsets(path)
    path.write_bytes(data[: at[-2]])
    assert not both(closed.directory)


def test_segment_rewritten_with_its_chain_is_detected_by_the_next(closed):
    path = segment_paths(closed.directory)[2]
    raw = raw_records(path)
    raw[3] = raw[3][:60] + b"X" + raw[3][61:]
    path.write_bytes(rechained(path, raw))
    assert not both(closed.directory)


def test_rewritten_end_is_detected_by_a_noted_head(closed):
    head = closed.head
    assert both(closed.directory, head)
    path = list(segment_paths(closed.directory).values())[-1]
    raw = raw_records(path)
    raw[-1] = raw[-1][:60] + b"X" + raw[-1][61:]
    path.write_bytes(rechained(path, raw))
    assert not both(closed.directory, head)


@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_missing_segment_is_detected(open_journal, place):
    journal = open_journal()
    fill(journal, 500)
    journal.sync()
    paths = list(segment_paths(journal.directory).values())
    paths[{"first": 0, "middle": 2, "last": -1}[place]].unlink()
    assert not both(journal.directory)


def test_swapped_segments_are_detected(closed):
    paths = list(segment_paths(closed.directory).values())
    one, other = paths[1].read_bytes(), paths[2].read_bytes()
    paths[1].write_bytes(other)
    paths[2].write_bytes(one)
    assert not both(closed.directory)


def test_changed_configuration_hash_is_detected_even_with_its_crc(closed):
    path = segment_paths(closed.directory)[1]
    data = bytearray(path.read_bytes())
    data[120] ^= 1
    data[252:256] = zlib.crc32(data[:252]).to_bytes(4, "little")
    path.write_bytes(bytes(data))
    assert not both(closed.directory)


@pytest.mark.parametrize("at", [300, 360, 600, 1024, 2000, 4000])
def test_bytes_of_the_header_page_are_watched(closed, at):
    path = segment_paths(closed.directory)[1]
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))
    assert not both(closed.directory)


def test_auditors_verifier_needs_nothing_but_python(closed):
    def run(*args):
        return subprocess.run(
            [sys.executable, "-I", "-S", str(ALONE), str(closed.directory), "--json", *args],
            check=False,
            capture_output=True,
            text=True,
        )

    done = run("--head", f"{closed.head[0]}:{closed.head[1]}")
    assert (done.returncode, json.loads(done.stdout)["last_seq"]) == (0, 500)
    path = segment_paths(closed.directory)[1]
    path.write_bytes(path.read_bytes()[:-1])
    assert run().returncode == 6


def test_auditors_verifier_says_where_no_journal_is(tmp_path, capsys):
    assert alone.main([str(tmp_path)]) == 2
    assert "no journal there" in capsys.readouterr().err
