"""`init`: a new user's folder, and its first hedge."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Event

import pytest

from config.load import ROOT
from tools.cli import run
from tools.client import Client
from tools.errors import NotConnected
from tools.init import CONFIG_FILE, EXCHANGE_FILE, example_names, template_names

ENV = {**os.environ, "HEDGEROW_PYTHON": sys.executable}
LOOK_S = 0.1
PATIENCE_S = 60.0


def test_list_tells_each_template_in_the_readers_language(capsys):
    assert run(["init", "--list", "-o", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["template"] for row in rows] == template_names()
    assert run(["--lang", "zh", "init", "--list"]) == 0
    assert "沪铜对纽铜" in capsys.readouterr().out


def test_init_writes_both_files_and_a_private_folder_once(tmp_path, capsys):
    new = tmp_path / "new"
    assert run(["init", str(new), "--template", "au-GC"]) == 0
    assert sorted(each.name for each in new.iterdir()) == [EXCHANGE_FILE, CONFIG_FILE, "var"]
    assert (new / "var").stat().st_mode & 0o777 == 0o700
    (new / CONFIG_FILE).unlink()
    (new / EXCHANGE_FILE).write_text("mine")
    assert run(["init", str(new)]) == 5
    assert (new / EXCHANGE_FILE).read_text() == "mine" and not (new / CONFIG_FILE).exists()
    assert "already" in capsys.readouterr().err


@pytest.mark.parametrize("name", example_names())
def test_init_writes_an_example_too(name, tmp_path):
    assert run(["init", str(tmp_path), "--example", name]) == 0
    assert (tmp_path / CONFIG_FILE).read_text() == (ROOT / "config" / "examples" / f"{name}.toml").read_text()


@pytest.mark.parametrize("words", [[], ["--template", "no"], ["d", "--template", "au-GC", "--example", "btc"]])
def test_init_refuses_what_it_does_not_know(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["init", *words]) == 2
    assert list(tmp_path.iterdir()) == []


def test_init_says_where_it_can_not_write(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert run(["init", str(tmp_path / "file" / "new")]) == 5
    assert "can't be written" in capsys.readouterr().err


def started(*words: str) -> subprocess.Popen:
    """A process that has said that it is ready."""
    process = subprocess.Popen(
        [str(ROOT / "hedgerow"), *words, "--with-parent"], env=ENV, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert "ready" in process.stdout.readline()
    return process


def wait_for_a_hedge(directory: Path) -> None:
    """Until the pair has hedged."""
    pause = Event()
    for _ in range(int(PATIENCE_S / LOOK_S)):
        try:
            with Client(directory) as client:
                row = next(iter(client.rows("pairs", "pair")))
        except NotConnected:
            row = {"hedges": 0}
        if row["hedges"]:
            return
        pause.wait(LOOK_S)
    pytest.fail(f"no hedge in {PATIENCE_S} s: {row}")


@pytest.mark.slow
@pytest.mark.parametrize("name", template_names())
def test_a_template_hedges_in_the_simulator_as_it_stands(name):
    with tempfile.TemporaryDirectory(prefix="hg") as made:
        folder = Path(made) / "my"
        assert run(["init", str(folder), "--template", name]) == 0
        exchange = started("sim", "serve", "-c", str(folder / EXCHANGE_FILE), "--endpoint", f"ipc://{folder}/var/exchange")
        node = started("run", "-c", str(folder / CONFIG_FILE), "--live")
        try:
            wait_for_a_hedge(folder / "var")
            node.send_signal(signal.SIGTERM)
            assert node.wait(PATIENCE_S) == 0  # nothing naked, nothing working
            alerts = folder / "var" / "alerts.jsonl"
            told = [json.loads(line)["code"] for line in alerts.read_text().splitlines()] if alerts.exists() else []
            assert "FEE_DIFFERS" not in told and "DEFINITION_DIFFERS" not in told
        finally:
            for each in (node, exchange):
                each.kill()
                each.wait(10)
                each.stdout.close()
