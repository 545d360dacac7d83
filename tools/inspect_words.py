"""The terminal inspector's own texts, in both languages."""

from __future__ import annotations

HELP = {
    "en": """\
:ps  :tree  :venues  :pairs  :hedges   another view      :q  the end
/TEXT      filter; / and enter: all again
enter      further in: a pair's hedges, otherwise as d
d          describe: the row whole, its stack where it is STUCK
s          state of the row's actor        m  its mailbox
t          trace of the row's actor: at most 500 messages or 60 s
o          sort by the next column (ps)    l  中文
esc        back                            q  the end
?          this page

With --write, each after a look at what it would do, and with a reason:
z  suspend the row's actor for 30 s    u  resume it    x  restart it
""",
    "zh": """\
:ps  :tree  :venues  :pairs  :hedges   切换视图      :q  退出
/文字      过滤;输入 / 后回车:恢复全部
回车       深入:组合进入其对冲单,其余同 d
d          详情:整行内容,卡住时附调用栈
s          该执行体的状态                  m  其邮箱
t          追踪该执行体:最多 500 条消息或 60 秒
o          按下一列排序(ps)              l  English
esc        返回                            q  退出
?          本页

加 --write 时,先看后果、再写原因:
z  挂起该执行体 30 秒    u  恢复    x  重启
""",
}
FEET = {
    "en": ": view  / filter  enter d describe  s state  m mailbox  t trace  esc back  ? help  l 中文  q quit",
    "zh": ": 视图  / 过滤  回车 d 详情  s 状态  m 邮箱  t 追踪  esc 返回  ? 帮助  l English  q 退出",
}
WRITES = {"en": "  z suspend  u resume  x restart", "zh": "  z 挂起  u 恢复  x 重启"}
ONLY_LOOKS = {"en": "read-only: start it with --write", "zh": "只读:需以 --write 启动"}
READ_ONLY = {"en": "read-only", "zh": "只读"}
WRITE = {"en": "WRITE", "zh": "可写"}
NO_VIEW = {"en": "no view {0!r}; there are: {1}", "zh": "没有视图 {0!r};有:{1}"}
LOST = {"en": "NOT CONNECTED", "zh": "未连接"}
WHY = {"en": "reason (enter: do it, esc: leave it)", "zh": "原因(回车:执行,esc:放弃)"}
EMPTY_REASON = {"en": "give a reason: it is kept with the record", "zh": "请写原因:随记录留存"}
DONE = {"en": "done, record {0}", "zh": "已执行,记录 {0}"}
