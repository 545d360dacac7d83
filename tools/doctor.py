"""`doctor`: whether this machine can carry a node, and what to do for it."""

from __future__ import annotations

from pathlib import Path

import click

from domain.errors import ConfigError
from tools.errors import FINE, GATE, UsageError
from tools.output import Output, pass_out

ADVICE: dict[str, tuple[str, str]] = {
    "python": ("run it with Python 3.11 to 3.13", "请用 Python 3.11 至 3.13"),
    "libraries": ("make setup: installs what requirements.txt pins", "make setup:安装 requirements.txt 所锁版本"),
    "cores": ("give it two cores: the lane wants one for itself", "至少两个核心:主循环要独占一个"),
    "descriptors": ("raise ulimit -n (LimitNOFILE= in systemd)", "调高 ulimit -n(systemd 用 LimitNOFILE=)"),
    "threads": ("raise ulimit -u (LimitNPROC= in systemd)", "调高 ulimit -u(systemd 用 LimitNPROC=)"),
    "swap": ("swapoff, or MemorySwapMax=0 in systemd: a page on a disk holds the lane up", "关闭交换(swapoff,systemd 用 MemorySwapMax=0):换出的页会卡住主循环"),
    "core files": ("ulimit -c 0 (LimitCORE=0 in systemd): a core file holds the keys", "ulimit -c 0(systemd 用 LimitCORE=0):内存转储里有密钥"),
    "permissions": ("chmod go-w the configuration, 0600 a key file: others could change or read it", "配置 chmod go-w,密钥文件 0600:否则他人可改可读"),
    "clock kept": ("run chrony or systemd-timesyncd; quotes from other machines are aged by both clocks", "请运行 chrony 或 systemd-timesyncd;别机行情的龄凭双方时钟"),
    "clock steps": ("let the clock be slewed, not set, while the node runs", "节点运行时让时钟渐调,不要跳调"),
    "directory": ("chown it to the node's user and chmod 700, or set node.dir to one that can be", "属主改为节点用户并 chmod 700,或另设 node.dir"),
    "disk room": ("free some room: without it the node stops opening", "清出空间:没有空间节点就不再开仓"),
    "disk sync": ("use a local SSD for node.dir: what is not synced is lost with the power", "node.dir 用本地固态盘:断电会丢未落盘的记录"),
    "configuration": ("./hedgerow config check -c FILE lists everything", "./hedgerow config check -c FILE 列出全部"),
    "no configuration": ("give -c FILE, or make one: ./hedgerow init", "请给 -c FILE,或用 ./hedgerow init 生成"),
    "configuration note": ("right only if it is meant so", "确为本意才对"),
    "calendar": ("extend it (node.calendars): without hours nothing opens", "请续日历(node.calendars):没有时段不开仓"),
    "journal": ("./hedgerow journal verify DIR says what is wrong; never edit the files", "./hedgerow journal verify DIR 说明哪里有问题;切勿改动文件"),
    "node": ("./hedgerow status, and node.log, say more", "详见 ./hedgerow status 与 node.log"),
    "venue": ("look at its gateway: ./hedgerow status -w", "查看其柜台网关:./hedgerow status -w"),
    "account": ("the venue has not told its funds for long: opens wait for it", "柜台久未报资金:开仓会等它"),
    "kill": ("./hedgerow unkill ends it", "./hedgerow unkill 解除"),
    "naked": ("./hedgerow board shows which pair", "./hedgerow board 显示是哪个组合"),
}  # fmt: skip


@click.command()
@click.option("-c", "--config", "files", multiple=True, metavar="FILE", help="The node's configuration; more than once: later over earlier.")
@click.option("-d", "--dir", "given", default=None, metavar="DIR", help="The node's directory (default: node.dir of the configuration).")
@pass_out
def doctor(out: Output, files: tuple[str, ...], given: str | None) -> int:
    """Check clock, disk, limits, directory, libraries, configuration, calendars.

    Writes one small file into the node's directory to time the disk, and
    removes it. Exit 0, or 3 where something is to be put right first.
    """
    from tools.doctor_checks import BAD, NOTE, OK, every

    loaded, error = _loaded(files)
    place = Path(given or (loaded.config.node.dir if loaded is not None else ".")).resolve()
    rows = [
        {"check": each.check, "result": each.result, "found": each.found, "advice": None if each.result == OK else advice(each.check, out.lang)}
        for each in every(loaded, place, error)
    ]
    if out.format == "table":
        out.many([{"check": row["check"], "result": row["result"], "found": out.sentence(str(row["found"]))} for row in rows])
        said = [f"{out.word(row['result'])} {out.word(row['check'])}: {row['advice']}" for row in rows if row["advice"]]
        for line in dict.fromkeys(said):
            out.line(line)
    else:
        out.many(rows)
    counts = {word: sum(row["result"] == word for row in rows) for word in (OK, NOTE, BAD)}
    out.say("  ".join(f"{out.word(word)} {count}" for word, count in counts.items()))
    return GATE if counts[BAD] else FINE


def advice(check: str, lang: str) -> str:
    """What to do about it."""
    return ADVICE[check][lang == "zh"]


def _loaded(files: tuple[str, ...]) -> tuple[object | None, ConfigError | None]:
    """The configuration, or what is wrong with it. Raises: UsageError."""
    from config.load import load
    from tools.init import CONFIG_FILE

    for file in files:
        if not Path(file).is_file():
            raise UsageError(f"-c {file}: no such file")
    if not files and not Path(CONFIG_FILE).is_file():
        return None, None
    try:
        return load(files or (CONFIG_FILE,)), None
    except ConfigError as error:
        return None, error
