"""One glossary for board, commands and documents: English and Chinese.

Keys are the words that JSON and the journal use; they never change with the
language. docs/glossary.md is this table for readers; a test compares them.
"""

from __future__ import annotations

from typing import NamedTuple


class Word(NamedTuple):
    """A word of the field: in Chinese, and what it means."""

    zh: str
    meaning: str


GLOSSARY: dict[str, Word] = {
    # what there is
    "pair": Word("组合", "legs in different markets that are traded together and kept whole"),
    "leg": Word("腿", "one side of a pair: an instrument at a venue"),
    "hedge": Word("对冲单", "one firing of a pair, from trigger to a final state"),
    "domestic": Word("内盘", "the market at home"),
    "overseas": Word("外盘", "the market abroad"),
    "venue": Word("柜台", "one account at one market, reached by one gateway"),
    "gateway": Word("柜台网关", "the process that speaks a venue's protocol for us"),
    "node": Word("节点", "the process that holds the pairs"),
    "journal": Word("日志", "the append-only record of all that was decided and reported"),
    "order": Word("委托", "an instruction to buy or sell at a venue"),
    "position": Word("持仓", "what is held: pair units, or lots of a leg"),
    "unit": Word("组", "the smallest tradable piece of a pair: whole lots of each leg"),
    "lot": Word("手", "the smallest tradable quantity of an instrument"),
    "tick": Word("最小变动价位", "the smallest step of a price"),
    "symbol": Word("合约", "an instrument's code at its venue"),
    # prices
    "spread": Word("价差", "difference of the legs' prices in one currency and unit"),
    "touch": Word("对价", "opposing price: buy at the ask, sell at the bid"),
    "ratio": Word("比值", "quotient of the legs' prices in one currency and unit"),
    "tradable": Word("可成交量", "pair units that the books would fill at the touch now"),
    "payup": Word("超价", "ticks past the touch that an order may pay"),
    "slippage": Word("滑点", "how much worse a fill was than the touch at the decision"),
    "bid": Word("买价", "the best price that somebody would pay"),
    "ask": Word("卖价", "the best price at which somebody would sell"),
    "fx": Word("汇率", "the rate that makes one currency another"),
    "cost": Word("成本", "what an act costs in the pair's currency"),
    "fees": Word("手续费", "what venues charge for trades"),
    "buy": Word("买", "FIX side 1"),
    "sell": Word("卖", "FIX side 2"),
    "open": Word("开仓", "to take a position on"),
    "close": Word("平仓", "to take a position off"),
    "close today": Word("平今", "to close what was opened today, where it is kept apart"),
    "close yesterday": Word("平昨", "to close what was opened before, where it is kept apart"),
    # exposure and its repair
    "naked": Word("裸腿", "filled quantity that no other leg covers"),
    "exposure": Word("敞口", "what is held and not covered"),
    "reject": Word("拒单", "an order that was refused"),
    "partial fill": Word("部分成交", "an order of which only part was filled"),
    "replenish": Word("补单", "send the missing part again"),
    "rollback": Word("回退", "cancel what works and reverse what no other leg covers"),
    "repair": Word("补救", "replenish or rollback"),
    "audit": Word("留痕", "the trail of every step and its cause"),
    "receipt": Word("回执", "a venue's report about an order"),
    "capture rate": Word("捕捉率", "hedges completed / triggers that fired and passed the gates"),
    "cover": Word("套期保值", "an exposure held elsewhere kept covered by a derivative"),
    "Denied": Word("本地拒", "refused before it left us"),
    "Rejected": Word("柜台或交易所拒", "refused by the venue"),
    "gray stage": Word("灰度", "live, with small limits"),
    # a hedge's states
    "WORKING": Word("执行中", "its orders are out"),
    "SETTLING": Word("结算中", "cancelling what works and learning what was filled"),
    "IMBALANCED": Word("失衡", "settled, and the legs do not match"),
    "REPLENISHING": Word("补单中", "sending the missing part again"),
    "ROLLING_BACK": Word("回退中", "reversing what no other leg covers"),
    "STRANDED": Word("滞留", "naked, and it could not be repaired within its limits"),
    "UNKNOWN": Word("状态未明", "silence: counts as fully live until the venue proves otherwise"),
    "DONE": Word("已完成", "all units, all legs"),
    "PART": Word("部分完成", "some units, all legs"),
    "NONE": Word("未成", "nothing is held"),
    "HANDED_OVER": Word("已移交", "a person has taken it over"),
    # a pair's states and modes
    "IDLE": Word("监视", "flat, watching its trigger"),
    "HOLDING": Word("持有", "holds a position, watching its trigger"),
    "OPENING": Word("开仓中", "a hedge that opens is in flight"),
    "CLOSING": Word("平仓中", "a hedge that closes is in flight"),
    "COOLDOWN": Word("冷却", "waits after a hedge"),
    "FROZEN": Word("冻结", "nothing leaves until a person says so"),
    "ACTIVE": Word("启用", "opens and closes"),
    "REDUCING": Word("只平", "closes only"),
    "PAUSED": Word("暂停", "no new hedge"),
    "HALTED": Word("停止", "no order at all"),
    # states of orders, legs, mandates and venues
    "SUBMITTED": Word("已提交", "intended and recorded; it may be on its way"),
    "PENDING_NEW": Word("待受理", "the gateway handed it to the venue"),
    "NEW": Word("已受理", "the venue has it working"),
    "PARTIALLY_FILLED": Word("部分成交未完", "part of it is filled, the rest works"),
    "PENDING_CANCEL": Word("撤单中", "a cancel is out"),
    "FILLED": Word("全部成交", "nothing of it is left to fill"),
    "CANCELED": Word("已撤", "ended by a cancel"),
    "EXPIRED": Word("已失效", "ended by the venue, by time or kind"),
    "REJECTED": Word("柜台拒", "refused by the venue"),
    "DENIED": Word("未发出", "refused before it left us"),
    "ABSENT": Word("证实未达", "the venue has proven that it never came"),
    "SETTLED": Word("已结清", "nothing of the leg works or is in doubt"),
    "MANDATED": Word("授权补救中", "a repair child alone may send on it"),
    "GIVEN": Word("已授权", "the mandate is out, nothing sent yet"),
    "WAITING": Word("待再试", "between two tries"),
    "DOUBTFUL": Word("存疑", "one of its orders is in doubt"),
    "RETURNED": Word("已交回", "the leg is the pair's again"),
    # why a pair doesn't trade
    "LEG_STALE": Word("行情陈旧", "a leg's quote is too old"),
    "LEG_CROSSED": Word("行情倒挂", "a leg's book is crossed"),
    "LEG_LIMIT_LOCKED": Word("涨跌停", "a leg stands at the day's limit"),
    "SESSION_CLOSED": Word("休市", "a leg's market is not open"),
    "FX_STALE": Word("汇率陈旧", "the rate is too old"),
    "FX_JUMP": Word("汇率跳变", "the rate moved too far at once"),
    "LIQUIDITY": Word("盘口不足", "the books hold too little"),
    "RISK": Word("风控", "a limit forbids it"),
    "VENUE_DOWN": Word("柜台断开", "a venue is not open for orders"),
    "UNKNOWN_ORDER": Word("有未明委托", "an order's state is not known"),
    "STAGE_LIMIT": Word("阶段限额", "the stage's limit is reached"),
    "SUSPENDED": Word("已挂起", "a person suspended it"),
    # a venue's states
    "DOWN": Word("断开", "no connection"),
    "CONNECTING": Word("连接中", "logon sent"),
    "SYNCING": Word("同步中", "logged on; reports of the day are being read"),
    "RECONCILED": Word("已对账", "orders of the day agree"),
    "OPEN": Word("就绪", "orders, positions and money agree"),
    # words of the tables
    "name": Word("名称", "what it is called"),
    "state": Word("状态", "where it is in its machine"),
    "mode": Word("模式", "what it may do"),
    "reason": Word("原因", "why"),
    "id": Word("编号", "what it is known by"),
    "qty": Word("数量", "how much"),
    "filled": Word("已成", "lots filled"),
    "orders": Word("委托数", "orders sent"),
    "repairs": Word("补救数", "repairs made"),
    "age_ms": Word("龄ms", "how old the quote is"),
    "units": Word("组数", "pair units"),
    "hedges": Word("对冲单数", "how many hedges"),
    "replenished": Word("补单数", "hedges completed by replenishing"),
    "rolled_back": Word("回退数", "hedges taken back"),
    "profit": Word("盈亏", "realised and floating profit"),
    "side": Word("方向", "buy or sell"),
    "price": Word("价格", "money for a unit"),
    "time": Word("时间", "when"),
    # what the node tells of itself
    "live": Word("实盘", "orders leave"),
    "observe": Word("观察", "prices and triggers, no orders"),
    "running": Word("运行中", "the node works"),
    "stopping": Word("停止中", "no new hedge; what works is settled and repaired"),
    "stopped": Word("已停止", "the node has ended"),
    "clean": Word("无遗留", "nothing in flight, nothing naked"),
    "started": Word("启动时间", "when the node started"),
    "uptime_s": Word("运行秒", "for how long it has run"),
    "in_flight": Word("进行中", "hedges that are not final"),
    "pairs": Word("组合数", "how many pairs"),
    "records": Word("日志条数", "records in the journal"),
    "problem": Word("问题", "what is wrong"),
    "stage": Word("阶段", "how far a venue's logon has come"),
    "why": Word("缘由", "why it is so"),
    "trading_day": Word("交易日", "the venue's day"),
    "seq_seen": Word("回执序号", "the last report on record"),
    "max_units": Word("组数上限", "the most pair units that may be held"),
    "buy spread": Word("买价差", "at which the pair could be bought now"),
    "sell spread": Word("卖价差", "at which the pair could be sold now"),
    "bid_qty": Word("买量", "lots at the best bid"),
    "ask_qty": Word("卖量", "lots at the best ask"),
    "today": Word("今仓", "lots opened this trading day"),
    "currency": Word("币种", "the money it is told in"),
    "outcomes": Word("结果", "how hedges ended"),
    "holds": Word("受阻", "what has kept hedges from leaving, and how often"),
    "kind": Word("类别", "open or close"),
    "covered": Word("已对冲", "units that all legs cover"),
    "target": Word("目标", "lots that the hedge wants"),
    "opened": Word("触发时间", "when it fired"),
    "took_ms": Word("用时ms", "from the trigger to the end"),
    "naked_ms": Word("裸腿ms", "for how long it has been naked"),
    "stranded": Word("滞留原因", "why it could not be repaired"),
    "yes": Word("是", "true"),
    "no": Word("否", "false"),
}


def zh(text: str) -> str:
    """The word in Chinese; the text as it is where there is none."""
    word = GLOSSARY.get(text)
    return word.zh if word is not None else text


def page() -> str:
    """docs/glossary.md, drawn from the table."""
    lines = [
        "# Glossary 术语表",
        "",
        "Drawn from `config/glossary.py`: screens, commands and documents use these words.",
        "由 `config/glossary.py` 生成:界面、命令与文档同用这些词。",
        "",
        "| here | 中文 | meaning |",
        "| --- | --- | --- |",
    ]
    lines.extend(f"| {key} | {word.zh} | {word.meaning} |" for key, word in GLOSSARY.items())
    return "\n".join(lines) + "\n"
