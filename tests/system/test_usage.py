"""What a process uses, read from outside; what it may use, set from inside."""

import os
import subprocess
import sys

from system import usage

ASK = """
import json, os, resource, sys
from system.usage import allowed_cpus, confine
confine({cpus}, {nice}, {memory})
taken = ""
try:
    kept = b"x" * {take}
except MemoryError:
    taken = "MemoryError"
print(json.dumps([sorted(allowed_cpus()), os.nice(0), taken]))
"""


def asked(cpus=(), nice=0, memory=0, take=0):
    code = ASK.format(cpus=tuple(cpus), nice=nice, memory=memory, take=take)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_our_own_use_is_seen():
    assert usage.memory_of(os.getpid()) > 1 << 20
    assert usage.cpu_ms_of(os.getpid()) > 0
    assert any(line.startswith(f"{os.getpid()} ") for line in usage.threads_of(os.getpid()))


def test_nobody_uses_nothing():
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert (usage.memory_of(gone.pid), usage.cpu_ms_of(gone.pid), usage.threads_of(gone.pid)) == (0, 0, [])


def test_one_that_is_held_by_a_signal_is_stopped():
    held = subprocess.Popen([sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"])
    os.waitid(os.P_PID, held.pid, os.WSTOPPED | os.WNOWAIT)
    assert usage.is_stopped(held.pid)
    held.kill()
    held.wait()
    assert not usage.is_stopped(held.pid)
    assert not usage.is_stopped(os.getpid())


def test_a_process_keeps_to_its_processors_and_gives_way():
    cpu = min(usage.allowed_cpus())
    before = os.nice(0)
    assert asked(cpus=[cpu], nice=3) == f'[[{cpu}], {before + 3}, ""]'


def test_memory_ends_at_twice_its_limit():
    assert asked(memory=64 << 20, take=100 << 20).endswith('""]')
    assert asked(memory=64 << 20, take=200 << 20).endswith('"MemoryError"]')
