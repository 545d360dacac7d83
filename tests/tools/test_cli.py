"""The command line: lazy verbs, exit codes, errors without a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from domain.errors import ConfigError, InvariantViolation, JournalError, VenueError
from system.locks import LockHeldError
from tools import cli, errors
from tools.cli import LazyGroup, Verb, run


def failing(error):
    @click.command()
    def verb():
        raise error

    return verb


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ToolError("x"), 1),
        (VenueError("x"), 1),
        (errors.UsageError("x"), 2),
        (ConfigError("a.toml", "node.mode", "x", "live"), 2),
        (errors.NotConnected("x"), 4),
        (errors.Refused("x"), 5),
        (JournalError("x"), 6),
        (LockHeldError(Path("x"), {"node": "n1"}), 5),
    ],
)
def test_run_gives_each_error_its_exit_code_and_no_traceback(error, code, capsys):
    assert run([], failing(error)) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"hedgerow: {error}\n"


def test_run_lets_our_own_bugs_through():
    with pytest.raises(InvariantViolation):
        run([], failing(InvariantViolation("ours")))


def test_run_passes_on_a_verbs_exit_code():
    @click.command()
    def verb():
        return errors.GATE

    assert run([], verb) == errors.GATE


def test_run_answers_usage_with_2(capsys):
    assert run(["no-such-verb"]) == errors.USAGE
    assert "there are" in capsys.readouterr().err
    assert run(["config", "check", "--no-such-option"]) == errors.USAGE


def test_run_answers_an_interrupt_with_130(capsys):
    assert run([], failing(KeyboardInterrupt())) == cli.INTERRUPTED
    assert "Traceback" not in capsys.readouterr().err


def test_group_lists_only_verbs_whose_module_is_there(capsys):
    verbs = {"config": cli.VERBS["config"], "gone": Verb("tools.not_there:verb", "x", "x")}
    group = LazyGroup(name="hedgerow", verbs=verbs)
    assert group.list_commands(click.Context(group)) == ["config"]
    assert group.get_command(click.Context(group), "gone") is None


def test_help_lists_verbs_in_the_language_asked_for(capsys):
    assert run(["--lang", "zh", "--help"]) == 0
    assert "检查" in capsys.readouterr().out
    assert run(["--lang", "en", "--help"]) == 0
    assert "check | show" in capsys.readouterr().out


def test_every_verb_in_the_tree_loads():
    context = click.Context(cli.cli)
    for name in cli.cli.list_commands(context):
        assert isinstance(cli.cli.get_command(context, name), click.Command), name


@pytest.mark.slow
def test_help_imports_no_engine():
    program = (
        "import sys; from tools.cli import run; run(['--help']);"
        "heavy = {'zmq', 'pykka', 'msgpack', 'msgspec', 'loguru', 'rich'} & set(sys.modules); sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=cli.__file__.rpartition("/tools/")[0])
    assert done.returncode == 0, done.stderr


def nobody_reads():
    reader, writer = os.pipe()
    os.close(reader)
    return writer


@pytest.mark.slow
@pytest.mark.parametrize("sink", [lambda: os.open("/dev/full", os.O_WRONLY), nobody_reads], ids=["full", "closed"])
@pytest.mark.parametrize("form", ["table", "json"])
def test_lost_output_is_told_without_a_traceback_and_a_closed_pipe_not_at_all(sink, form):
    root, stdout = cli.__file__.rpartition("/tools/")[0], sink()
    words = [sys.executable, "-m", "tools", "config", "show", "-c", "config/examples/copper.toml", "-o", form]
    try:
        done = subprocess.run(words, cwd=root, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False, timeout=20)
    finally:
        os.close(stdout)
    assert done.returncode == errors.FAILED
    if sink is nobody_reads:
        assert done.stderr == ""
        return
    assert done.stderr.startswith("hedgerow: the output can't be written: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--lang", "zh", "status", "--dir", "{tmp}"], "hedgerow: 未连接:{tmp}:其中没有节点在运行。节点在运行吗?"),
        (["--lang=zh", "hedge", "retry", "X", "--dir", "{tmp}"], "hedgerow: 缘由?请给 --reason TEXT"),
        (["--lang", "zh", "nothing"], "错误:没有动词 'nothing';现有:demo"),
        (["--lang", "zh", "hedge", "retry", "--nothing"], "错误:没有这个选项:"),
        (["--lang", "zh", "hedge", "retry"], "错误:缺少参数 'HEDGE'。"),
    ],
)
def test_errors_are_chinese_where_that_is_asked_for(argv, said, tmp_path, capsys):
    (tmp_path / "journal").mkdir()
    assert run([word.format(tmp=tmp_path) for word in argv]) in (2, 4)
    assert said.format(tmp=tmp_path) in capsys.readouterr().err


def test_language_of_the_machine_holds_where_none_is_asked_for(monkeypatch, capsys):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert run(["nothing"]) == 2
    assert "没有动词" in capsys.readouterr().err
