"""The command line: a table of verbs, each loaded when it is called.

A kill must not wait for imports, so that nothing but click is imported until
the verb is known. A verb whose module is not in the tree is not listed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

import click

from domain.errors import HedgerowError
from tools.errors import FAILED, FINE, USAGE, OutputLost, ReaderGone, exit_code_of, is_bug
from tools.output import FORMATS, LANGS, Output, lang_of, lost, spoken

VERSION = "0.1.0"
INTERRUPTED = 130


class Verb(NamedTuple):
    """Where a verb lives, and its line in the list of verbs."""

    target: str
    en: str
    zh: str


VERBS: dict[str, Verb] = {
    "demo": Verb("tools.demo:demo", "the main job in a minute, with trouble, and a summary", "一分钟看主业:两地成交、故障、核对"),
    "replay": Verb("tools.replay:replay", "trade on recorded quotes", "用录制的行情交易"),
    "assess": Verb("tools.assess:assess", "what a pair would have found in a recording", "评估:组合在录制行情里会看到什么"),
    "record": Verb("tools.record:record", "keep live feeds in files that replay reads", "录制:实时行情存成可回放的文件"),
    "init": Verb("tools.init:init", "a commented configuration to start from", "生成带注释的起始配置"),
    "config": Verb("tools.config_verbs:config", "check | show | diff | apply the configuration", "检查 | 显示 | 对比 | 热更配置"),
    "doctor": Verb("tools.doctor:doctor", "clock, disk, limits, libraries, configuration: what to put right", "体检:时钟、磁盘、限额、依赖、配置"),
    "calendar": Verb("tools.calendar:calendar", "ls | show sessions and holidays, by product", "日历:各品种交易时段与假日 ls | show"),
    "run": Verb("tools.node:run", "start the node and its gateways", "启动节点与柜台网关"),
    "stop": Verb("tools.stop:stop", "stop: settle, repair, say what is left", "停止:结清、补救、说明遗留"),
    "status": Verb("tools.status:status", "what the node is doing", "节点现状"),
    "board": Verb("tools.board:board", "the pairs, live: prices, spreads, positions, exposure", "同屏:价格、价差、持仓、敞口"),
    "top": Verb("tools.top:top", "how busy the lane is; links, mailboxes, journal", "主循环忙闲、链路、邮箱、日志"),
    "ps": Verb("tools.ps:ps", "the actors: mailboxes, how busy, what is in hand, restarts", "执行体:邮箱、忙闲、手上消息、重启"),
    "tree": Verb("tools.ps:tree", "the supervision tree as it stands", "监督树现状"),
    "actor": Verb("tools.actor:actor", "show | state | mailbox | trace | stack | suspend | resume | restart one", "单个执行体:详情 | 状态 | 邮箱 | 追踪 | 调用栈 | 挂起 | 恢复 | 重启"),
    "inspect": Verb("tools.inspect:inspect", "look into a node on a terminal, keys as in k9s", "终端观察器:键位如 k9s"),
    "pair": Verb("tools.status:pair", "ls | show | enable | disable | add | change | remove pairs", "组合:列表 | 详情 | 启用 | 停用 | 增加 | 修改 | 移除"),
    "strategy": Verb("tools.strategy:strategy", "pairs by strategy: ls | enable | disable | add | change | remove", "策略(一组组合):列表 | 启用 | 停用 | 增加 | 修改 | 移除"),
    "risk": Verb("tools.risk:risk", "limits show | set, by instrument", "风控:限额查看 | 设置(按合约)"),
    "order": Verb("tools.order:order", "ls | cancel orders", "委托:列表 | 撤单"),
    "exposure": Verb("tools.exposure:exposure", "show | set | accept what cover pairs cover", "敞口:查看 | 设置 | 确认(套期保值)"),
    "hedge": Verb("tools.status:hedge", "ls | show | timeline | open | close | rollback | retry | take | release", "对冲单:列表 | 详情 | 时间线 | 手工开 | 手工平 | 回退 | 再试 | 接管 | 交还"),
    "position": Verb("tools.position:position", "ls | statement | reconcile | unlock: by fills, by query, by settlement", "持仓:列表 | 盯市账单 | 核对(成交推算对柜台查询) | 解锁"),
    "kill": Verb("tools.kill:kill", "no more orders, now: block | freeze | flatten", "一键停单:禁开 | 冻结 | 平仓"),
    "unkill": Verb("tools.kill:unkill", "end a kill", "解除停单"),
    "mode": Verb("tools.operate:mode", "show | set what may trade", "模式:查看 | 设置"),
    "alert": Verb("tools.alert:alert", "ls: what people were told", "告警:列表"),
    "audit": Verb("tools.audit:audit", "show why a hedge did what it did", "留痕:对冲单的来龙去脉"),
    "sim": Verb("tools.sim:sim", "serve | fault | truth | run | fleet | shrink | plants: simulated", "模拟:交易所 serve | fault | truth,整个节点 run | fleet | shrink | plants"),
    "journal": Verb("tools.journal:journal", "verify the journal's chain; snapshot", "日志:校验链;快照"),
    "keys": Verb("tools.keys:keys", "make | show CURVE key files", "密钥:生成 | 查看 CURVE 密钥文件"),
    "gateway": Verb("tools.gateway:gateway", "run a gateway by itself", "单独运行柜台网关"),
    "bench": Verb("tools.bench:bench", "how fast the core is, beside the bare transport", "核心速度,与裸传输对比"),
}


def there(target: str) -> bool:
    """Whether the module of a target is in the tree; imports only its parents."""
    name = target.partition(":")[0]
    if name in sys.modules:
        return True
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


class LazyGroup(click.Group):
    """A group that knows its verbs by table and loads one at a time."""

    def __init__(self, *args: Any, verbs: Mapping[str, Verb] = VERBS, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.verbs = verbs

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """The verbs that are in the tree, in the order of the table."""
        return [name for name, verb in self.verbs.items() if there(verb.target)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's signature
        """Load the verb's module and give its command."""
        verb = self.verbs.get(cmd_name)
        if verb is None or not there(verb.target):
            return None
        module, _, attr = verb.target.partition(":")
        return getattr(import_module(module), attr)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[Any, Any, list[str]]:
        """Find the verb; an unknown one is told with those that exist."""
        if args and not args[0].startswith("-") and args[0] not in self.list_commands(ctx):
            ctx.fail(f"no verb {args[0]!r}; there are: {', '.join(self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs from the table, loading none of them."""
        zh = output_of(ctx).lang == "zh"
        rows = [(name, self.verbs[name].zh if zh else self.verbs[name].en) for name in self.list_commands(ctx)]
        if rows:
            with formatter.section("动词" if zh else "Verbs"):
                formatter.write_dl(rows)


def output_of(ctx: click.Context) -> Output:
    """The output asked for so far: --help is handled before the group runs."""
    found = ctx.find_object(Output)
    return found if found is not None else Output(lang=ctx.params.get("lang") or lang_of())


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.option("-o", "--output", "format_", type=click.Choice(FORMATS), default="table", help="Form of the data on stdout.")
@click.option("--lang", type=click.Choice(LANGS), default=None, is_eager=True, help="Language of tables (default: from LANG).")
@click.version_option(VERSION, prog_name="hedgerow")
@click.pass_context
def cli(ctx: click.Context, format_: str, lang: str | None) -> None:
    """Keep hedged pairs whole 对冲不裸腿.

    Exit: 0 fine, 1 failed, 2 usage or configuration, 3 a limit or gate not
    met, 4 not connected, 5 refused, 6 audit broken.
    """
    ctx.obj = Output(format_, lang or lang_of())


def run(argv: Sequence[str], group: click.Command = cli) -> int:
    """Run one command line; the exit code, every user's error as one text."""
    from tools.tree import check_tree

    lang = lang_in(argv)
    try:
        check_tree()
        result = group.main(args=list(argv), prog_name="hedgerow", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return USAGE
    except click.ClickException as error:
        show(error, lang)
        return USAGE if isinstance(error, click.UsageError) else FAILED
    except click.exceptions.Exit as error:
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        sys.stderr.write(f"hedgerow: {spoken('interrupted', lang)}\n")
        return INTERRUPTED
    except OSError as error:
        if not stdout_is_lost():
            raise
        if not isinstance(error, BrokenPipeError):
            sys.stderr.write(f"hedgerow: {spoken(str(lost(error)), lang)}\n")
        return FAILED
    except HedgerowError as error:
        if is_bug(error):
            raise
        if not isinstance(error, ReaderGone):
            sys.stderr.write(f"hedgerow: {spoken(str(error), lang)}\n")
        if isinstance(error, OutputLost):
            stdout_is_lost()
        return exit_code_of(error)
    return result if isinstance(result, int) and not isinstance(result, bool) else FINE


def lang_in(argv: Sequence[str]) -> str:
    """The language that a command line asks for, whatever else is wrong with it."""
    for place, word in enumerate(argv):
        following = argv[place + 1] if place + 1 < len(argv) else ""
        asked = following if word == "--lang" else word.removeprefix("--lang=") if word.startswith("--lang=") else ""
        if asked in LANGS:
            return asked
    return lang_of()


def show(error: click.ClickException, lang: str) -> None:
    """What click has against the command line, in the language."""
    ctx = getattr(error, "ctx", None)
    if lang != "zh":
        error.show()
        return
    if ctx is not None:
        sys.stderr.write(f"{ctx.get_usage()}\n用 '{ctx.command_path} --help' 查看用法。\n\n")
    sys.stderr.write(f"错误:{spoken(error.format_message(), lang)}\n")


def stdout_is_lost() -> bool:
    """Whether stdout takes nothing more; what it holds is dropped then.

    The interpreter would flush into the closed pipe or full disk again.
    """
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False
