"""Files that must not be lost: whole, allocated, gone when they fail."""

from __future__ import annotations

import os

import pytest

from system.files import Files, replace_file


def test_allocated_file_has_every_block(tmp_path):
    path = tmp_path / "segment"
    fd = Files().allocate(path, 1_500_000)
    assert path.stat().st_size == 1_500_000
    assert path.stat().st_blocks * 512 >= 1_500_000
    Files().sync(fd)
    os.close(fd)


def test_allocation_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def full(fd, offset, size):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(OSError, match="No space"):
        Files().allocate(tmp_path / "segment", 4096)
    assert list(tmp_path.iterdir()) == []


def test_replaced_file_is_whole(tmp_path):
    path = tmp_path / "state"
    replace_file(path, b"one")
    replace_file(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]
