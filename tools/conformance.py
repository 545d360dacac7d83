"""What a gateway must do by the protocol page, as a list, and how it did.

Each row is one promise of the page. A promise that could not be tried says
why; `must` ones that fall short fail the check, `should` ones are told.
"""

from __future__ import annotations

from typing import Any, NamedTuple

PASSED, FAILED, UNTRIED = "passed", "failed", "not tried"
MAX_FOUND = 240


class Promise(NamedTuple):
    """One promise: who must keep it, in both languages."""

    part: str
    must: bool
    en: str
    zh: str


PROMISES: dict[str, Promise] = {
    "feed.frames": Promise("feed", True, "each message is [topic, body], whole and of the page's types", "每条消息为 [主题, 正文],完整且类型合规"),
    "feed.topic": Promise("feed", True, "the topic is the symbol and one zero byte; heartbeats have the zero byte alone", "主题为合约加一个零字节;心跳只有零字节"),
    "feed.heartbeat": Promise("feed", True, "a heartbeat leaves every 100 ms", "每 100 毫秒一次心跳"),
    "feed.first": Promise("feed", True, "a new subscription gets the symbol's f and last W at once", "新订阅立即得到该合约的 f 与最近的 W"),
    "feed.status": Promise("feed", True, "f is repeated at least once a second while the session is up", "会话在线时 f 至少每秒重复一次"),
    "feed.book": Promise("feed", True, "the last W is repeated at least once a second while the session is up", "会话在线时最近的 W 至少每秒重复一次"),
    "feed.seq": Promise("feed", True, "seq counts each topic one by one within an epoch", "同一 epoch 内每个主题的 seq 逐一递增"),
    "feed.times": Promise("feed", True, "gw_ns is ns since 1970, UTC, not in the future; epoch is when numbering began", "gw_ns 为 1970 年起的 UTC 纳秒,不在未来;epoch 为编号开始的时刻"),
    "feed.session": Promise("feed", False, "the venue's session is up", "柜台会话在线"),
    "logon.answer": Promise("trade", True, "an A is answered by A with version 1, venue, epoch, trading day", "A 以 A 应答:版本 1、柜台、epoch、交易日"),
    "logon.definitions": Promise("trade", True, "right after A one d for each instrument, last true in the last alone", "A 之后紧接每个合约一条 d,仅最后一条 last 为真"),
    "logon.symbol": Promise("trade", True, "the symbol asked for is among the definitions", "所问合约在定义之中"),
    "logon.before": Promise("trade", True, "whoever has not logged on is answered j reason 6", "未登录者得到 j 原因 6"),
    "trade.frames": Promise("trade", True, "each message is one body, whole and of the page's types", "每条消息为一个正文,完整且类型合规"),
    "trade.heartbeat": Promise("trade", True, "heartbeats with the logon's epoch and trading day, and the last seq", "心跳带登录的 epoch、交易日与最后的 seq"),
    "trade.seq": Promise("trade", True, "8 and 9 are numbered from 1 without a gap within an epoch", "同一 epoch 内 8 与 9 从 1 起编号无缺口"),
    "query.working": Promise("trade", True, "AF working is ended by AF with its req_id and the count of its reports", "AF working 以带 req_id 与报告数的 AF 结束"),
    "query.day": Promise("trade", True, "AF day: each order by its trades and then its state, other trades with clord_id nil, ended by AF", "AF day:每单先成交后状态,他人成交 clord_id 为空,以 AF 结束"),
    "query.positions": Promise("trade", True, "AN: one AP a symbol, last true in the last; without the capability j at once", "AN:每合约一条 AP,最后一条 last 为真;无此能力则立即 j"),
    "query.collateral": Promise("trade", True, "BB: one BA a currency, last true in the last; without the capability j at once", "BB:每币种一条 BA,最后一条 last 为真;无此能力则立即 j"),
    "query.unknown": Promise("trade", True, "H for an id never sent: 8 I, ord_status 8, reason 5, nothing else told; or j H 4", "对从未发送的编号 H:8 I、状态 8、原因 5;或 j H 4"),
    "query.longer": Promise("trade", True, "extra fields at the end are ignored, what may be nil may be left out", "末尾多余字段被忽略,可空字段可省略"),
    "cancel.unknown": Promise("trade", False, "F for an order that nobody knows is answered by 9", "对未知委托的 F 以 9 应答"),
    "broken.frames": Promise("trade", True, "frames that are no messages are dropped whole, and nobody dies of one", "非消息的帧整条丢弃,且不因此失效"),
    "resend.same": Promise("trade", True, "A with the same epoch and an older seq: all later reports again, own seq, poss_resend true, first", "同 epoch 较旧 seq 的 A:其后报告按原 seq 重发,poss_resend 为真,且先于新报告"),
    "resend.other": Promise("trade", True, "A with another epoch: nothing is sent again", "其他 epoch 的 A:不重发"),
    "epoch.superseded": Promise("trade", True, "a second A of the same node takes over; the first identity is answered j 6", "同名第二个 A 接管;先前的连接得到 j 6"),
    "epoch.older": Promise("trade", True, "an A with an older node_epoch is refused, and takes nothing over", "更旧 node_epoch 的 A 被拒,不接管"),
    "order.symbol": Promise("orders", True, "D of an unknown symbol: j 101", "未知合约的 D:j 101"),
    "order.late": Promise("orders", True, "D past not_after_ns: j 100, never sent", "超过 not_after_ns 的 D:j 100,不发出"),
    "order.epoch": Promise("orders", True, "D with an older node_epoch: j 6", "更旧 node_epoch 的 D:j 6"),
    "order.offset": Promise("orders", True, "D with an offset that is not of its mode: j 102", "与开平模式不符的 D:j 102"),
    "order.quantity": Promise("orders", True, "D for no lots: j 102", "数量为零的 D:j 102"),
    "order.tif": Promise("orders", True, "D with a tif that the instrument lacks: j 102", "合约不支持的有效期:j 102"),
    "order.pending": Promise("orders", True, "a D that is handed on is answered at once by 8 exec_type A", "已转交的 D 立即以 8 执行类型 A 应答"),
    "order.venue": Promise("orders", False, "and the venue's own answer follows", "其后有柜台自身的应答"),
    "order.twice": Promise("orders", True, "a second D with its id places nothing: 8 I with that order's state", "同编号第二个 D 不下单:以 8 I 告知原单状态"),
    "order.status": Promise("orders", True, "H: its trades, then its state as I", "H:先成交,后以 I 告知状态"),
    "order.working": Promise("orders", True, "AF working tells it while it works", "在途时 AF working 列出该单"),
    "order.cancel": Promise("orders", True, "F ends it: ord_status 4 with leaves_qty 0, or 9", "F 使其结束:状态 4 且 leaves_qty 为 0,或 9"),
    "order.mass_cancel": Promise("orders", True, "q own for the symbol is answered by r, and ends what works", "q own 以 r 应答,并撤掉在途委托"),
    "order.silence": Promise("orders", True, "heard nothing for cancel_on_disconnect_ms: the order is cancelled, and D is j 6 until a new A", "超过 cancel_on_disconnect_ms 无音讯:撤单,新的 A 之前 D 得 j 6"),
}


class Sheet:
    """What was found of each promise, in the page's order."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, str]] = {}

    def holds(self, ident: str, ok: bool, found: str = "") -> bool:
        """Note one look at a promise; once it fell short it stays so."""
        if self._found.get(ident, ("",))[0] != FAILED:
            self._found[ident] = (PASSED if ok else FAILED, found[:MAX_FOUND])
        return ok

    def untried(self, ident: str, why: str) -> None:
        """Say why a promise was not looked at, unless it was."""
        self._found.setdefault(ident, (UNTRIED, why[:MAX_FOUND]))

    def untried_part(self, part: str, why: str) -> None:
        """The same for all that is left of a part."""
        for ident, promise in PROMISES.items():
            if promise.part == part:
                self.untried(ident, why)

    def failed(self) -> list[str]:
        """Promises that must hold and don't."""
        return [name for name, (result, _) in self._found.items() if result == FAILED and PROMISES[name].must]

    def rows(self, lang: str) -> list[dict[str, Any]]:
        """One row a promise."""
        rows = []
        for ident, promise in PROMISES.items():
            result, found = self._found.get(ident, (UNTRIED, ""))
            level = "must" if promise.must else "should"
            text = promise.zh if lang == "zh" else promise.en
            rows.append({"check": ident, "level": level, "result": result, "promise": text, "found": found})
        return rows
