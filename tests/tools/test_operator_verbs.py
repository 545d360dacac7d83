"""The operators' commands against a real node: said, asked, signed, recorded."""

import json
import signal

import pytest

from tests.tools.test_node_commands import Site, answer, is_open, until
from tools.client import Client

pytestmark = pytest.mark.slow


@pytest.fixture
def site():
    made = Site()
    yield made
    made.close()


def told(capsys, *argv):
    code, out, err = answer(capsys, *argv, "-o", "json")
    assert code == 0, err
    return json.loads(out)


def test_commands_kill_and_set_modes_with_a_name_and_a_reason(site, capsys):
    where = ("--dir", str(site.node_dir))
    with Client(site.node_dir) as client:
        until(client, is_open)
    asks_before_it_acts(capsys, where)
    sets_modes(capsys, where)
    kills(capsys, where)
    sets_pairs(capsys, where)
    codes = [row["code"] for row in told(capsys, "alert", "ls", *where)]
    assert codes == ["KILLED", "KILLED", "UNKILLED"]
    assert "level=freeze" in answer(capsys, "alert", "ls", *where, "--severity", "critical")[1]
    site.node.send_signal(signal.SIGSTOP)
    code, _, err = answer(capsys, "kill", "-y", *where)
    assert (code, "kill --gateway ENDPOINT --node NAME" in err) == (4, True)
    site.node.send_signal(signal.SIGCONT)


def asks_before_it_acts(capsys, where):
    code, _, err = answer(capsys, "kill", *where)
    assert (code, "give -y" in err, "freeze: cancels leave" in err) == (2, True, True)
    code, out, err = answer(capsys, "mode", "set", "paused", "--dry-run", *where)
    assert (code, out, "mode paused for all: no new hedge" in err) == (0, "", True)
    code, _, err = answer(capsys, "mode", "set", "paused", "-y", *where)
    assert (code, "give --reason" in err) == (2, True)
    assert answer(capsys, "kill", "--scope", "market Z", "-y", *where)[0] == 1
    assert answer(capsys, "unkill", "-y", "--reason", "x", *where)[0] == 5


def sets_modes(capsys, where):
    done = told(capsys, "mode", "set", "paused", "market", "A", "-y", "--reason", "roll", "--operator", "ann", *where)
    assert (done["seq"] > 0, done["scope"]) == (True, "market A")
    rows = told(capsys, "mode", "show", *where)
    assert rows[0] == {"scope": "market A", "word": "mode", "value": "PAUSED", "operator": "ann", "reason": "roll"}
    assert rows[1]["reason"] == "SUSPENDED market A: PAUSED"
    assert told(capsys, "pair", "show", "AxB", *where)["held"] == "SUSPENDED market A: PAUSED"
    told(capsys, "mode", "set", "active", "market", "A", "-y", "--reason", "rolled", *where)


def kills(capsys, where):
    assert told(capsys, "kill", "-y", *where)["seq"] > 0
    assert told(capsys, "status", *where)["kills"] == ["freeze all"]
    told(capsys, "kill", "--level", "block", "-y", "--reason", "softer", *where)
    assert told(capsys, "mode", "show", *where)[0]["value"] == "block"
    told(capsys, "unkill", "-y", "--reason", "looked", *where)
    assert told(capsys, "status", *where)["kills"] == []


def sets_pairs(capsys, where):
    assert told(capsys, "pair", "disable", "AxB", "-y", "--reason", "x", *where)["seq"] > 0
    assert told(capsys, "pair", "show", "AxB", *where)["mode"] == "PAUSED"
    told(capsys, "pair", "enable", "AxB", "-y", "--reason", "x", *where)
    assert told(capsys, "pair", "show", "AxB", *where)["mode"] == "ACTIVE"
    assert answer(capsys, "pair", "enable", "CxD", "-y", "--reason", "x", *where)[0] == 1
    assert answer(capsys, "hedge", "take", "AxB.0.1", "-y", "--reason", "x", *where)[0] == 1
    assert answer(capsys, "hedge", "release", "AxB.0.1", "--booked", "0:1,1:1", "-y", "--reason", "x", *where)[0] == 2


def test_second_signal_ends_a_node_at_once(site):
    with Client(site.node_dir) as client:
        until(client, is_open)
    with Client(site.node_dir, "operate") as client:
        client.ask("stop", deadline_ms=60_000, operator="ann", reason="x")
    site.node.send_signal(signal.SIGTERM)
    assert site.node.wait(20) in (0, 1)
