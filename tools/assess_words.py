"""The words of an assessment's page, in English and Chinese."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "title": ("Assessment", "评估"),
    "intro": (
        ("What the pair would have found in the recording, by its own prices, guards and sizes. Nobody traded: "
        "figures of prices and volumes are weighted by time, while the quotes counted."),
        "组合用自己的价格公式、行情检查与手数规则在录制行情里会看到什么。没有任何成交:价格与可成交量按时间加权,且只在行情有效时统计。",
    ),
    "made": (
        ("MADE: {names}. Nobody recorded these books: they stand around a traded price. What follows for them, and for "
        "every spread that they are part of, is not a market that one could have traded in."),
        "合成(MADE):{names}。这些盘口并非录制所得,而是围绕成交价人为生成。以下凡涉及它们的数字(包括价差)都不是真正可以成交的市场。",
    ),
    "recording": ("recording", "录制"),
    "pair": ("pair", "组合"),
    "span": ("from, to", "起止"),
    "seconds": ("seconds", "秒"),
    "latency": ("latency assumed", "假定延时"),
    "value_time": ("Value of the pair over time", "组合价值走势"),
    "value_hist": ("Value, share of the time", "组合价值分布(时间占比)"),
    "ratio_time": ("Ratio at mid over time", "比值走势(中间价)"),
    "units_hist": ("Tradable units at the touch, share of the time", "对价可成交量分布(时间占比)"),
    "held": ("Episodes that held at least so long, share", "触发持续不短于该时长的占比"),
    "clock": ("Exchange's clock less receiver's, ms", "交易所时钟减接收方时钟(毫秒)"),
    "ages": ("Age of a leg's book when another leg's came, share", "另一腿更新时本腿行情的年龄分布"),
    "buy": ("to buy", "买入"),
    "sell": ("to sell", "卖出"),
    "legs": ("Legs", "各腿"),
    "triggers": ("Triggers", "触发"),
    "blocked": ("What kept quotes from counting, seconds", "行情无效的原因(秒)"),
    "figures": ("Distribution", "分布"),
    "leg": ("leg", "腿"),
    "rows": ("rows", "行数"),
    "quotes_per_s": ("quotes/s", "行情/秒"),
    "quotes_peak_s": ("peak/s", "峰值/秒"),
    "width_ticks": ("width, ticks", "买卖价差(跳)"),
    "touch_lots": ("touch, lots", "对价量(手)"),
    "gap_ms": ("gap, ms", "间隔(毫秒)"),
    "age_ms": ("age, ms", "年龄(毫秒)"),
    "clock_offset_ms": ("clock offset, ms", "时钟偏差(毫秒)"),
    "event": ("event", "事件"),
    "threshold": ("threshold", "阈值"),
    "met_times": ("times met", "触发次数"),
    "met_s": ("met, s", "满足时长(秒)"),
    "met_share": ("share of time", "时间占比"),
    "held_ms": ("held, ms", "持续(毫秒)"),
    "units": ("units", "组"),
    "edge": ("edge over threshold", "超过阈值"),
    "capture": ("expected capture", "预期捕捉率"),
    "slippage": ("slippage", "滑点"),
    "reason": ("reason", "原因"),
    "value": ("value", "价值"),
    "latency_ms": ("latency, ms", "假定延时(毫秒)"),
    "value in": ("value in", "价值单位"),
    "ratio raw": ("ratio, raw", "比值(原始)"),
    "ratio comparable": ("ratio, comparable", "比值(可比)"),
    "tradable_units": ("tradable units", "可成交量(组)"),
    "nothing": ("nothing", "无"),
    "clock_note": (
        "A clock that is off is shown, not believed: ages are counted by the receiver's clock alone.",
        "时钟偏差只展示、不采信:行情年龄只按接收方时钟计算。",
    ),
    "slip_note": (
        ("Expected capture: the share of episodes that held as long as the latency. Slippage: how much worse the value "
        "for the size was by then; below 0 it was better."),
        "预期捕捉率:持续时间不短于延时的触发占比。滑点:到那时同样数量的价值变差了多少,负数表示变好。",
    ),
}


def word(key: str, lang: str) -> str:
    """The text of a key; a key that has none is its own text."""
    found = WORDS.get(key)
    return key if found is None else found[lang == "zh"]
