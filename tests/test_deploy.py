"""The units and samples of deploy/: checked by their own tools, true to the code."""

from __future__ import annotations

import configparser
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from config.schema import Node
from tools import change_verbs, node
from tools.errors import AUDIT_BROKEN, FINE, REFUSED, USAGE
from tools.sim import serve

ROOT = Path(__file__).resolve().parent.parent
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
SUPERVISORD = ROOT / "deploy" / "supervisord" / "hedgerow.conf"
INSTALLED = "/opt/hedgerow"
BY_HAND = {USAGE, REFUSED, AUDIT_BROKEN}
"""Ends that another start would only repeat."""


def read(path, *, comment=("#",)):
    parser = configparser.ConfigParser(interpolation=None, comment_prefixes=comment, inline_comment_prefixes=None)
    parser.optionxform = str
    parser.read_string(path.read_text(encoding="utf-8"))
    return parser


def unit(name):
    return read(next(path for path in UNITS if path.name == name))


def options_of(command):
    return {name for each in command.params for name in each.opts}


def options_in(line):
    return {word for word in shlex.split(line) if word.startswith("-")}


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine: the units are not verified")
def test_systemd_finds_nothing_wrong_with_a_unit(path, tmp_path):
    placed = tmp_path / path.name.replace("@", "@desk")
    placed.write_text(path.read_text().replace(INSTALLED, str(ROOT)))
    done = subprocess.run(["systemd-analyze", "verify", str(placed)], capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if path.stem.rstrip("@") in line]
    assert (done.returncode, said) == (0, [])
    placed.write_text(placed.read_text().replace("Type=", "Tpye="))
    done = subprocess.run(["systemd-analyze", "verify", str(placed)], capture_output=True, text=True, check=False)
    assert "Tpye" in done.stderr  # it would have said so


def test_the_node_is_watched_and_its_gateways_outlive_it():
    service = unit("hedgerow@.service")["Service"]
    assert (service["Type"], service["NotifyAccess"], service["KillMode"], service["KillSignal"]) == ("notify", "main", "process", "SIGTERM")
    assert int(service["WatchdogSec"]) * 1000 > 2 * Node().lane_hang_ms
    assert int(service["TimeoutStopSec"]) > node.STOP_DEADLINE_MS / 1000 + node.TREE_STOP_NS / 1e9


def test_what_another_start_would_only_repeat_is_left_to_a_person():
    service = unit("hedgerow@.service")["Service"]
    assert service["Restart"] == "on-failure"
    assert set(map(int, service["RestartPreventExitStatus"].split())) == BY_HAND
    program = read(SUPERVISORD, comment=(";",))["program:hedgerow"]
    assert (program["autorestart"], set(map(int, program["exitcodes"].split(",")))) == ("unexpected", BY_HAND | {FINE})
    assert int(program["stopwaitsecs"]) > node.STOP_DEADLINE_MS / 1000 + node.TREE_STOP_NS / 1e9
    assert (program["stopasgroup"], program["killasgroup"]) == ("false", "false")


def test_the_commands_have_the_options_that_are_used():
    service = unit("hedgerow@.service")["Service"]
    assert options_in(service["ExecStart"]) <= options_of(node.run)
    assert options_in(service["ExecReload"]) <= options_of(change_verbs.apply) | {"-d", "-y", "--reason"}
    assert options_in(unit("hedgerow-exchange@.service")["Service"]["ExecStart"]) <= options_of(serve)
    assert options_in(read(SUPERVISORD, comment=(";",))["program:hedgerow"]["command"]) <= options_of(node.run)


def test_a_unit_may_write_its_own_directory_alone():
    for path in UNITS:
        service = read(path)["Service"]
        assert (service["ProtectSystem"], service["StateDirectory"], service["StateDirectoryMode"]) == ("strict", "hedgerow/%i", "0700")
        assert "ReadWritePaths" not in service
        assert service["NoNewPrivileges"] == "yes"
