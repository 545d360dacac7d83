"""A replay's result for people: its hedges, its differences, its sums."""

from __future__ import annotations

from collections import Counter
from shutil import get_terminal_size
from typing import Any

import click

from tools.assess_page import spread
from tools.output import Output

MAX_PROBLEMS_SHOWN = 10
APART = frozenset(
    (
        "hedge_list", "problems", "spread", "positions", "clock_offset_ms", "differences", "interrupted", "data", "config", "dir",
        "pairs", "money",
    )
)
ZH = {
    "recording": "录制",
    "pair": "组合",
    "mode": "运行方式",
    "observe": "只观察",
    "made": "合成盘口",
    "speed": "倍速",
    "seconds": "时长(秒)",
    "node_exit": "节点退出码",
    "hedges": "成交的对冲单",
    "fired": "触发",
    "opened": "开仓单",
    "closed": "平仓单",
    "states": "结果",
    "repairs": "补救",
    "units": "净持仓(组)",
    "naked_qty": "裸腿(手)",
    "fills": "成交笔数",
    "orders": "委托数",
    "rejected": "拒单",
    "working": "仍挂单",
    "books_equal": "账本一致",
    "money_equal": "资金一致",
    "account": "账户",
    "equity_change": "权益变化(柜台)",
    "ours": "权益变化(账本)",
    "fees": "手续费(柜台)",
    "our_fees": "手续费(账本)",
    "event": "触发事件",
    "threshold": "阈值",
    "met_times": "满足次数",
    "met_s": "满足(秒)",
    "whole": "一次成交",
    "slippage": "滑点",
    "journal_verified": "日志校验",
    "journal_records": "日志记录数",
    "run_s": "用时(秒)",
    "virtual_over_real": "快于实时(倍)",
    "journal_sha256": "日志 SHA-256",
    "differences": "与虚拟时间的差异",
    "value, sell": "价值,卖出",
    "value, buy": "价值,买入",
    "clock offset ms": "时钟偏差(毫秒)",
    "lots": "持仓(手)",
    "files": "文件",
    "none": "无",
}


def show(out: Output, found: dict[str, Any]) -> None:
    """The whole as JSON; as tables the hedges, the differences, the sums."""
    if out.format != "table":
        out.one({key: value for key, value in found.items() if key != "interrupted"})
        return
    out.listed((hedge_row(out, each) for each in found["hedge_list"]), ("covered", "took_ms", "kind"))
    for row in found.get("differences", []):
        who = " / ".join(row[side] or "-" for side in ("virtual", "processes"))
        click.echo(f"{row['at_s']:9.3f} s  {row['kind']:<11} {who}\n             {row['what']}\n             {row['cause']}")

    def word(key: str) -> str:
        """In the screen's language; an instrument's name behind it stays."""
        known = next((each for each in ZH if key == each or key.startswith(f"{each} ")), key)
        return key.replace(known, ZH.get(known, known), 1) if out.lang == "zh" else key

    columns = get_terminal_size().columns
    for rows in (pair_rows(found), event_rows(found), money_rows(found)):
        click.echo()
        out.fitting([{word(key): value for key, value in row.items()} for row in rows], columns)
    click.echo()
    out.one({word(key): value for key, value in sums(found, word("none")).items()})
    for problem in found["problems"][:MAX_PROBLEMS_SHOWN]:
        out.say(f"replay: {problem}")


def hedge_row(out: Output, told: dict[str, Any]) -> dict[str, Any]:
    """One hedge as a row: its repairs in words, one after the other."""
    names = {"orders_sent": "orders", "repairs": "repair"}
    return {names.get(key, key): value for key, value in told.items()} | {"repair": " ".join(map(out.word, told["repairs"])) or None}


def pair_rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    """What each pair did."""
    keys = ("pair", "hedges", "fired", "opened", "closed", "units", "naked_qty")
    return [{key: each[key] for key in keys} for each in found["pairs"]]


def event_rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    """How often each event was met, fired and filled whole, and at what slippage (p5 / p50 / p95)."""
    return [
        {"pair": pair["pair"], **{key: each[key] for key in ("event", "threshold", "met_times", "met_s", "fired", "whole")},
         "slippage": spread(each["slippage"])}
        for pair in found["pairs"]
        for each in pair["events"]
    ]  # fmt: skip


def money_rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Each account by its own book and by ours."""
    return [{key: each[key] for key in ("account", "equity_change", "ours", "fees", "our_fees")} for each in found["money"]]


def sums(found: dict[str, Any], none: str) -> dict[str, Any]:
    """One line a figure; what has several is put in words."""
    flat = {key: value for key, value in found.items() if key not in APART and value is not None}
    for key in ("states", "repairs"):
        flat[key] = _words(found[key], none)
    flat["made"] = " ".join(found["made"]) or none
    if "differences" in found:
        flat["differences"] = _words(dict(Counter(row["kind"] for row in found["differences"]).most_common()), none)
    for name, told in found["spread"].items():
        flat[f"value, {name}"] = _words(told, none)
    for name, told in found["positions"].items():
        flat[f"lots {name}"] = _words(told, none)
    for name, told in found["clock_offset_ms"].items():
        flat[f"clock offset ms {name}"] = _words({key: round(value, 1) for key, value in told.items()}, none)
    flat["files"] = found["dir"]
    return flat


def _words(told: dict[str, Any], none: str) -> str:
    return " ".join(f"{key} {value}" for key, value in told.items()) or none
