"""The exchange as a real process, by its command line and its socket."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import zmq

from exchange.truth import read, summarise
from system.sockets import inspection_dealer
from wire import exchange as wire

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


def command(*args):
    return [sys.executable, "-m", "tools", "sim", *map(str, args)]


@pytest.fixture(scope="module")
def served(copper_file):
    folder = Path(tempfile.mkdtemp(prefix="hg"))
    endpoint = f"ipc://{folder}/x"
    args = command("serve", "-c", copper_file, "--endpoint", endpoint, "--truth", folder / "truth", "--seed", 3)
    with subprocess.Popen(args, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        ready = json.loads(process.stdout.readline())
        yield process, endpoint, folder / "truth", ready
        process.kill()
    shutil.rmtree(folder)


@pytest.fixture
def client(served):
    context = zmq.Context()
    socket = inspection_dealer(context, served[1])
    socket.setsockopt(zmq.RCVTIMEO, 3000)
    socket.setsockopt(zmq.SNDTIMEO, 3000)
    yield socket
    socket.close(0)
    context.destroy(linger=0)


def ask(client, message, last):
    """What comes up to the first message of type `last`."""
    client.send(wire.encode(message))
    found = []
    while not found or not isinstance(found[-1], last):
        found.append(wire.decode_from_exchange(client.recv()))
    return found


def sim(*args):
    return subprocess.run(command(*args), cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)


def test_exchange_says_ready_in_one_line(served):
    process, endpoint, _, ready = served
    assert (ready["ready"], ready["pid"], ready["endpoint"], ready["seed"]) == (True, process.pid, endpoint, 3)


def test_client_logs_in_trades_and_asks_over_the_socket(client):
    ask(client, wire.Login(1, "SHFE", "shanghai-1", "test"), wire.InstrumentInfo)
    book = ask(client, wire.Subscribe([]), wire.Book)[-1]
    order = wire.Submit("1", "SHFE.cu2703", "1", 2, book.asks[0] + 50, "3", "O")
    trade = ask(client, order, wire.TradeReport)[-1]
    told = ask(client, wire.QueryOrders("q", "day"), wire.QueryEnd)
    assert trade in [m for m in told if isinstance(m, wire.TradeReport)] or trade.seq == 1
    assert told[-1].count == 1


def test_bytes_that_are_no_message_are_answered_and_nobody_dies(client):
    for body in (b"", b"\xc1", b"\x91\xa5login", b"\x92\xa4stop\x01"):
        client.send(body)
        assert isinstance(wire.decode_from_exchange(client.recv()), wire.SessionReject)


def test_fault_by_command_strikes_and_is_listed(served, client):
    endpoint = served[1]
    armed = sim("fault", "--endpoint", endpoint, "COMEX", "reject", "--count", 1, "--code", 30, "-o", "json")
    assert json.loads(armed.stdout)["left"] == 1
    listed = sim("fault", "--endpoint", endpoint, "list", "-o", "json")
    assert [row["kind"] for row in json.loads(listed.stdout)] == ["reject"]
    ask(client, wire.Login(1, "COMEX", "new-york-1", "test"), wire.InstrumentInfo)
    report = ask(client, wire.Submit("1", "COMEX.HGH27", "1", 1, 9040, "3", "N"), wire.OrderReport)[-1]
    assert (report.status, report.code) == ("8", 30)


@pytest.mark.parametrize(
    ("args", "exit_code", "said"),
    [
        (("COMEX", "partial"), 5, "needs qty"),
        (("COMEX", "delay"), 5, "needs ms; it takes count, for_ms"),
        (("COMEX", "silent", "--how", "loud"), 5, "one of all, orders, quotes"),
        (("COMEX", "liquidate"), 5, "no position to liquidate"),
        (("COMEX", "mischief"), 5, "there are: reject, partial"),
        (("LME", "reject"), 5, "SHFE, COMEX, FX"),
        (("COMEX",), 2, "say a venue and a kind"),
    ],
)
def test_fault_that_cannot_be_is_refused_with_what_to_do(served, args, exit_code, said):
    done = sim("fault", "--endpoint", served[1], *args)
    assert done.returncode == exit_code
    assert said in done.stderr


def test_nobody_at_the_endpoint_is_said_so(served):
    done = sim("truth", "--endpoint", served[1] + "-not")
    assert done.returncode == 4
    assert "sim serve" in done.stderr


def test_exchange_file_that_is_wrong_is_refused(tmp_path):
    (tmp_path / "x.toml").write_text("[currencies]\nCNY = 2\n")
    done = sim("serve", "-c", tmp_path / "x.toml", "--endpoint", "ipc:///nowhere/x")
    assert done.returncode == 2
    assert "process" in done.stderr


def test_truth_is_told_and_logged_alike_and_sigterm_ends_it_well(served):
    process, endpoint, path, _ = served
    told = json.loads(sim("truth", "--endpoint", endpoint, "-o", "json").stdout)
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0
    logged = summarise(read(path))
    assert logged["SHFE"]["shanghai-1"]["symbols"] == told["SHFE"]["shanghai-1"]["symbols"]
    assert told["COMEX"]["new-york-1"]["troubles_struck"] == {"reject": 1}
