"""The journal as the node writes it: appended in the lane, synced apart."""

from __future__ import annotations

import hashlib
import struct
import threading
import zlib
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec

from domain.errors import JournalError
from domain.ports import Clock
from journal import emergency, recovery
from journal.format import (
    CONTENT_AT,
    FIXED,
    HEADER_BYTES,
    LENGTH_CRC,
    MAX_KIND_BYTES,
    MAX_RECORD_BYTES,
    NO_HASH,
    RECORD_OVERHEAD,
    Header,
    Mark,
    checked,
)
from journal.recovery import next_node_epoch
from journal.segment import Segment
from system.files import Files
from system.locks import DirectoryLock

SEGMENT_BYTES = 32 * 1024 * 1024
MAX_RETIRED_SEGMENTS = 4
"""Full segments that wait for sync(); one more and the lane syncs itself."""

SNAPSHOT_END = "snapshot_end"
_COUNT = struct.Struct(">BI")

Snapshot = Callable[[], list[tuple[str, bytes]]]

_pack_fixed = FIXED.pack
_pack_length_crc = LENGTH_CRC.pack_into
_sha256 = hashlib.sha256
_crc32 = zlib.crc32


class Journal:
    """The one writer of a journal's directory; locked while it lives.

    Each start begins a segment, and each segment begins with a snapshot.
    A call that fails closes the journal's last segment for good. Where an
    emergency segment is ready the records go on there (`failed` says why, `on_failed`
    is called, in the lane); without one, or when that fails too, it is `lost` at
    once, whichever thread finds it, and every later call raises.

    Shape: `start` the first record's body, or what makes it of opening's notes; `last_seq` the last record appended, `durable_seq` the last one
        that a sync covers, `node_epoch`, `recovered` (what opening found).
    Raises: JournalError; LockHeldError, naming the holder, if it is taken.
    Thread: append() and roll() in one thread, the lane; sync() and
        prepare_next() in any other, at the same time; close() when the
        others have ended.
    """

    def __init__(
        self,
        directory: Path | str,
        *,
        clock: Clock,
        node_epoch: int | None = None,
        code_version: str = "",
        config_hash: bytes | str = NO_HASH,
        segment_bytes: int = SEGMENT_BYTES,
        start: bytes | Callable[[list[str]], bytes] | None = None,
        node: str = "",
        snapshot: Snapshot | None = None,
        files: Files | None = None,
        emergency_dir: Path | None = None,
    ) -> None:
        self.directory = Path(directory)
        self.failed, self.lost = "", False
        self.on_failed: Callable[[], None] | None = None
        self._node, self._emergency_dir = node, emergency_dir
        self._emergency: Segment | None = None
        self.snapshot = snapshot
        self._clock = clock
        self._files = files or Files()
        self._boot_id = self._files.boot_id()
        self._segment_bytes = segment_bytes
        self._code_version, self.config_hash = checked(code_version, config_hash, segment_bytes)
        self._broken = ""
        self._kinds: dict[str, bytes] = {}
        self._retired: deque[tuple[Segment, Mark]] = deque()
        self._next: Segment | None = None
        self._sync_lock = threading.Lock()
        self._next_lock = threading.Lock()
        self._mark_dirty = False
        self._now_wall, self._now_mono = clock.wall_ns, clock.mono_ns
        self._lock = DirectoryLock(self.directory, node)
        try:
            self._open(node_epoch)
            if start is not None:
                self.append("start", start(self.recovered.notes) if callable(start) else start)
        except BaseException:
            self._drop()
            raise

    def append(self, kind: str, body: bytes, cause: int = 0) -> int:
        """Adds a record; its seq. In memory that outlives the process.

        `cause` is the seq of the record that led to this one, 0 for none.
        """
        tag = self._kinds.get(kind) or self._tag(kind)
        length = RECORD_OVERHEAD + len(tag) + len(body)
        start = self._offset
        end = start + length
        if end > self._limit:
            self._make_room(length)
            start = self._offset
            end = start + length
        seq = self.last_seq + 1
        if cause >= seq:
            raise JournalError(f"record {seq} ({kind}) names cause {cause}, which is not on record before it")
        content = _pack_fixed(seq, self._now_wall(), self._now_mono(), cause) + tag + body
        digest = _sha256(self._hash + content).digest()
        content += digest
        segment_map = self._map
        segment_map[start + CONTENT_AT : end] = content
        _pack_length_crc(segment_map, start, length, _crc32(content))
        self._offset = end
        self._hash = digest
        self.last_seq = seq
        self._tail = (self._segment, end, seq, digest)
        return seq

    def sync(self) -> int:
        """Puts all that was appended on the disk; the last seq covered.

        Blocks for 0.1 to 5 ms, at worst 100; the lane goes on meanwhile.
        Thread: any but the lane; several may call at once. Raises:
        JournalError, after which append() raises too: a descriptor whose
        sync has failed is never trusted again.
        """
        with self._sync_lock:
            self._check()
            try:
                self._sync(*self._tail)
            except OSError as error:
                raise self._fail("sync", error) from error
            return self.durable_seq

    def prepare_next(self) -> bool:
        """Makes the next segment ready; True if it wasn't yet. Blocks.

        Thread: any but the lane. Call it after a start and after each
        roll; without it the lane prepares for itself, which takes ms.
        Raises: JournalError; the present segment may still be filled.
        """
        with self._next_lock:
            self._check()
            if self._next is not None or self.failed:
                return False
            try:
                self._next = self._prepare()
            except OSError as error:
                raise JournalError(f"{self.directory}: the next segment can't be made ready: {error}") from error
            return True

    @property
    def next_is_ready(self) -> bool:
        return self._next is not None

    @property
    def broken(self) -> str:
        """Why the journal is closed for good; empty while it is well."""
        return self._broken

    @property
    def head(self) -> tuple[int, str]:
        """Last seq and its hash in hex: noted elsewhere, it fixes the past."""
        _, _, seq, digest = self._tail
        return seq, digest.hex()

    def roll(self) -> None:
        """Goes on in a new segment, which opens with the snapshot.

        Thread: the lane. Use it when recovery is done and after a day, so
        that the next start reads little.
        """
        self._check()
        if self.failed:
            raise self._fail("append", "the emergency segment is full")
        mark = Mark(self.last_seq, self._offset, self._hash, continued=True)
        try:
            segment = self._take_next()
        except OSError as error:
            raise self._fail("prepare the next segment", error) from error
        self._retired.append((self._segment, mark))
        self._begin(segment)
        if len(self._retired) > MAX_RETIRED_SEGMENTS:
            self.sync()

    def close(self) -> None:
        """Syncs, seals the segment and gives the directory up."""
        try:
            if not self._broken:
                self.sync()
                segment, offset, seq, digest = self._tail
                segment.seal(Mark(seq, offset, digest))
        except OSError as error:
            raise self._fail("close", error) from error
        finally:
            self._broken = self._broken or "it was closed"
            self._drop()

    # ------------------------------------------------------------ opening

    def _open(self, node_epoch: int | None) -> None:
        try:
            found = self.recovered = emergency.opened(self._files, self.directory)
            wanted = next_node_epoch(found.node_epoch, self._now_wall())
            self.node_epoch = wanted if node_epoch is None else node_epoch
            if self.node_epoch <= found.node_epoch:
                raise JournalError(
                    f"{self.directory}: node_epoch {self.node_epoch} is not larger than the journal's last, "
                    f"{found.node_epoch}: leave it out and the journal chooses"
                )
            self.last_seq = self.durable_seq = found.last_seq
            self._hash = found.last_hash
            self._next_ordinal = found.last_ordinal + 1
            self._begin(self._first_segment(found.prepared))
            self._segment.sync()
            if found.unsealed and found.mark:
                last = Mark(found.mark.seq, found.mark.offset, found.mark.hash, continued=True)
                recovery.seal_file(self._files, found.unsealed, last)
            if self._emergency_dir is not None:
                self._emergency = emergency.prepare(self._files, self.directory, self._emergency_dir, self._node)
        except OSError as error:
            raise self._fail("open", error) from error

    def _first_segment(self, prepared: Path | None) -> Segment:
        if prepared is not None:
            segment = Segment.reopen(self._files, prepared)
            if segment.header.size_bytes == self._segment_bytes:
                self._next_ordinal += 1
                return segment
            segment.drop()
        return self._prepare()

    def _take_next(self) -> Segment:
        with self._next_lock:
            segment, self._next = self._next, None
            return segment or self._prepare()

    def _prepare(self) -> Segment:
        segment = Segment.prepare(self._files, self.directory, self._next_ordinal, self._segment_bytes)
        self._next_ordinal += 1
        return segment

    def _begin(self, segment: Segment) -> None:
        """Goes over to a prepared segment and writes the snapshot into it."""
        header = Header(
            ordinal=segment.header.ordinal,
            size_bytes=segment.header.size_bytes,
            node_epoch=self.node_epoch,
            first_seq=self.last_seq + 1,
            wall_ns=self._now_wall(),
            boot_id=self._boot_id,
            prev_hash=self._hash,
            config_hash=self.config_hash,
            code_version=self._code_version,
        )
        self._hash = segment.activate(header)
        self._segment, self._map = segment, segment.map
        self._offset, self._limit = HEADER_BYTES, segment.header.size_bytes
        self._tail = (segment, self._offset, self.last_seq, self._hash)
        if self._broken:  # a sync failed meanwhile, in its own thread
            self._limit = 0
        if self.snapshot is not None:
            self._write_snapshot(self.snapshot())

    def _write_snapshot(self, records: list[tuple[str, bytes]]) -> None:
        """Opens the segment with each live name's state and their count."""
        needed = sum(RECORD_OVERHEAD + 1 + len(kind.encode()) + len(body) for kind, body in records)
        if needed > self._room() // 2:
            raise self._fail(
                "begin a segment",
                f"a snapshot of {needed} bytes leaves too little: raise segment_bytes to {needed * 4}",
            )
        for kind, body in records:
            self.append(kind, body)
        self.append(SNAPSHOT_END, _COUNT.pack(0xCE, len(records)))

    # ------------------------------------------------------------ the rest

    def _tag(self, kind: str) -> bytes:
        data = kind.encode()
        if not 0 < len(data) <= MAX_KIND_BYTES:
            raise JournalError(f"kind {kind!r}: a kind takes 1 to {MAX_KIND_BYTES} bytes")
        tag = self._kinds[kind] = bytes([len(data)]) + data
        return tag

    def _room(self) -> int:
        return self._segment_bytes - HEADER_BYTES

    def _make_room(self, length: int) -> None:
        """Rolls over, or goes to the emergency segment; or says why not."""
        try:
            self._find_room(length)
        except JournalError:
            if self._broken:
                self._tell()
            raise

    def _find_room(self, length: int) -> None:
        if self._broken:
            if not self._to_emergency():
                self._check()
        elif length > min(self._room(), MAX_RECORD_BYTES):
            most = min(self._room(), MAX_RECORD_BYTES)
            raise JournalError(f"a record of {length} bytes: the most is {most}: raise segment_bytes or split it")
        else:
            try:
                self.roll()
            except JournalError:
                if not self._to_emergency():
                    raise
        if self._offset + length > self._limit:
            raise self._fail("append", f"{length} bytes do not fit behind the snapshot: raise segment_bytes")

    def _tell(self) -> None:
        if self.on_failed is not None:
            self.on_failed()

    def _to_emergency(self) -> bool:
        """Goes on in the emergency segment; False where none is ready.

        Nothing of the journal's own disk is touched again. Thread: the lane.
        """
        segment, self._emergency = self._emergency, None
        if segment is None:
            return False
        with self._sync_lock:
            why, self._broken, self.lost = self._broken, "", False
            first = emergency.opening(self._segment, self._offset, why, segment.header.size_bytes // 2)
            self._retired.clear()
            self.failed = why
            self._next_ordinal = self._segment.header.ordinal + 1
            segment.header = msgspec.structs.replace(segment.header, ordinal=self._next_ordinal)
            snapshot, self.snapshot = self.snapshot, None
            self._begin(segment)
            self.snapshot = snapshot
        self.append(emergency.KIND, first)
        self._tell()
        return True

    def _sync(self, segment: Segment, offset: int, seq: int, digest: bytes) -> None:
        if seq == self.durable_seq and not self._retired and not self._mark_dirty:
            return
        full = 0
        while full < len(self._retired) and self._retired[full][0] is not segment:
            self._retired[full][0].sync()
            full += 1
        segment.sync()
        for _ in range(full):
            each, mark = self._retired[0]
            each.seal(mark)
            self._retired.popleft()
        self._mark_dirty = seq > segment.marked_seq
        if self._mark_dirty:
            segment.mark(Mark(seq, offset, digest))
        segment.warm(self._offset)
        self.durable_seq = seq

    def _check(self) -> None:
        if self._broken:
            raise JournalError(f"{self.directory}: the journal is closed: {self._broken}")

    def _fail(self, doing: str, why: object) -> JournalError:
        """Closes the journal for good; the error to raise."""
        self._broken = self._broken or f"failed to {doing}: {why}"
        self.lost = self._emergency is None
        self._limit = 0
        return JournalError(
            f"{self.directory}: failed to {doing}: {why}; nothing more is written here: see to the disk, then start anew"
        )

    def _drop(self) -> None:
        self._limit = 0
        segments = [each for each, _ in self._retired] + [getattr(self, "_segment", None), self._next, self._emergency]
        for segment in segments:
            if segment is not None:
                segment.drop()
        self._retired.clear()
        self._lock.release()
