"""A directory's lock: one holder, named to the second."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest

from domain.errors import JournalError
from system.locks import DirectoryLock, LockHeldError, is_locked, read_holder


def test_second_holder_is_refused_with_the_first_ones_name(tmp_path):
    lock = DirectoryLock(tmp_path, "n1")
    with pytest.raises(LockHeldError, match=f"node n1, pid {os.getpid()}") as refused:
        DirectoryLock(tmp_path, "n2")
    assert refused.value.holder["node"] == "n1"
    lock.release()
    DirectoryLock(tmp_path, "n2").release()


def test_lock_ends_with_its_process(tmp_path):
    code = "import sys, os; from system.locks import DirectoryLock; DirectoryLock(sys.argv[1], 'dead'); os._exit(9)"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert read_holder(tmp_path)["node"] == "dead"
    assert not is_locked(tmp_path)
    DirectoryLock(tmp_path, "n2").release()


def test_released_lock_names_nobody(tmp_path):
    lock = DirectoryLock(tmp_path, "n1")
    assert is_locked(tmp_path)
    lock.release()
    lock.release()
    assert read_holder(tmp_path) == {}
    assert not is_locked(tmp_path / "nowhere")
    assert not is_locked(tmp_path / "lock" / "journal")


def test_lock_that_may_only_be_read_is_seen(tmp_path, monkeypatch):
    lock = DirectoryLock(tmp_path, "n1")
    real = os.open

    def read_only(path, flags, *rest):
        if flags & os.O_ACCMODE != os.O_RDONLY:
            raise OSError(errno.EROFS, "Read-only file system", str(path))
        return real(path, flags, *rest)

    monkeypatch.setattr(os, "open", read_only)
    assert is_locked(tmp_path)
    lock.release()
    assert not is_locked(tmp_path)


def test_lock_that_can_not_be_opened_is_a_plain_error(tmp_path):
    (tmp_path / "lock").symlink_to("lock")
    with pytest.raises(JournalError, match="can't be seen"):
        is_locked(tmp_path)


def test_failed_lock_leaves_the_holders_words_alone(tmp_path, monkeypatch):
    lock = DirectoryLock(tmp_path, "n1")

    def fails(_fd, _operation):
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr("system.locks.fcntl.flock", fails)
    with pytest.raises(JournalError, match=r"can't be held.*no locks"):
        DirectoryLock(tmp_path, "n2")
    assert read_holder(tmp_path)["node"] == "n1"
    lock.release()


def test_lock_is_given_up_though_its_file_can_no_longer_be_written(tmp_path, monkeypatch):
    lock = DirectoryLock(tmp_path, "n1")

    def fails(_fd, _size):
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr("system.locks.os.ftruncate", fails)
    lock.release()
    lock.release()
    assert not is_locked(tmp_path)


def test_looking_at_a_lock_tells_what_the_disk_refuses_and_bears_a_close_that_fails(tmp_path, monkeypatch):
    DirectoryLock(tmp_path, "n1").release()
    real = os.close

    def fails(fd):
        real(fd)
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr("system.locks.os.close", fails)
    assert not is_locked(tmp_path)
    monkeypatch.undo()

    def no_locks(_fd, _operation):
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr("system.locks.fcntl.flock", no_locks)
    with pytest.raises(JournalError, match=r"can't be seen.*no locks"):
        is_locked(tmp_path)
