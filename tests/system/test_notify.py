"""Words to a service manager: over a real datagram socket, or nowhere."""

from __future__ import annotations

import os
import socket

import pytest

from system.notify import Notifier, from_environment


@pytest.fixture
def manager(tmp_path):
    """What a service manager binds."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(tmp_path / "notify"))
    listener.settimeout(5)
    yield listener
    listener.close()


def heard(manager):
    return manager.recv(4096).decode().split("\n")


def test_each_word_is_one_datagram_of_assignments(manager):
    service = Notifier(manager.getsockname(), 900_000)
    service.ready("node n, live, epoch 7")
    assert heard(manager) == ["READY=1", "STATUS=node n, live, epoch 7"]
    service.beat()
    assert heard(manager) == ["WATCHDOG=1"]
    assert service.beat_ns == 300_000_000
    service.stopping("settles")
    assert heard(manager) == ["STOPPING=1", "STATUS=settles"]
    service.close()
    service.beat()
    assert service.lost == 0


def test_a_reload_ends_as_ready_even_where_it_fails(manager):
    service = Notifier(manager.getsockname())
    service.ready("as it was")
    heard(manager)
    with pytest.raises(ValueError, match="no"), service.reloading():
        raise ValueError("no")
    began = heard(manager)
    assert (began[0], began[1].partition("=")[0]) == ("RELOADING=1", "MONOTONIC_USEC")
    assert heard(manager) == ["READY=1", "STATUS=as it was"]
    service.close()


def test_an_abstract_address_is_reached():
    name = f"hedgerow-test-{os.getpid()}"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(f"\0{name}")
    listener.settimeout(5)
    service = Notifier(f"@{name}")
    service.beat()
    assert heard(listener) == ["WATCHDOG=1"]
    service.close()
    listener.close()


def test_a_manager_that_is_gone_or_does_not_read_costs_nothing_and_is_counted(manager):
    service = Notifier(manager.getsockname())
    for _ in range(5_000):  # more than its queue holds: nothing may wait
        service.beat()
    assert service.lost > 0
    before = service.lost
    manager.close()
    service.beat()
    assert service.lost == before + 1
    service.close()


@pytest.mark.parametrize(
    ("environ", "address", "watchdog_us"),
    [
        ({}, "", 0),
        ({"WATCHDOG_USEC": "5000"}, "", 0),
        ({"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "5000"}, "/run/x", 5_000),
        ({"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "5000", "WATCHDOG_PID": "42"}, "/run/x", 5_000),
        ({"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "5000", "WATCHDOG_PID": "43"}, "/run/x", 0),
        ({"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "soon"}, "/run/x", 0),
        ({"NOTIFY_SOCKET": "@x"}, "\0x", 0),
        ({"NOTIFY_SOCKET": "vsock:2:1"}, "", 0),  # of a machine's own manager: not ours
    ],
)
def test_the_environment_says_where_and_is_taken_out_of(environ, address, watchdog_us):
    left = {**environ, "PATH": "/bin"}
    service = from_environment(left, 42)
    assert (service._address, service.watchdog_us) == (address, watchdog_us)
    assert left == {"PATH": "/bin"}
    service.close()
