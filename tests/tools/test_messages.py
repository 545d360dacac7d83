"""Every message of the command line has a Chinese form.

What code raises, refuses, says and finds is collected from its source, as
templates: `{}` stands for each value.
"""

import ast
import re
from pathlib import Path

import pytest

from config.glossary import GLOSSARY
from config.messages import MESSAGES, in_language, translated
from domain.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("tools", "actors", "config", "system")
RAISED = {
    "UsageError": 0, "NotConnected": 0, "Refused": 0, "ToolError": 0, "Absent": 0, "OutputLost": 0, "Missed": 0, "nobody": 0,
    "Unanswerable": 1, "Finding": 2, "ConfigError": 3,
}  # fmt: skip
"""What carries a message, and which of its arguments that is."""
SCREENS = re.compile(r"(assess|try|timeline)_(page|svg)|top_text|inspect_app|board_|verify_journal|replay_compare")
"""Files of screens and pages: they have words of their own."""
SAYS = re.compile(r"_?why|_?notes$|_?opened$|unknown$|endpoint_wrong")
TELLS = re.compile(r"would$|_?lines$")
"""Functions that return a message, and that tell what a verb would do."""
NAMES = {"allowed", "odd", "hint", "DOES", "DOES_MODE", "_DOES_HEDGE", "_DO", "_TEXTS", "SILENT"}
NO_WORDS = re.compile(r"\{\}|--?[a-z-]+|`[^`]*`|\./hedgerow[^;:,]*")
OTHERS = frozenset(
    ("does", "venue", "error", "table", "node", "venues", "uptime_s", "csv", "json", "cpu", "seq", "unlock", "retry", "take", "give_back", "journal", "gateway/{}", "{} at {}", "not",
     '"0.13" is 13 %', "failure_cooldown_max_ms", "max_silence_ms", "max_unchanged_ms", "segment-{}.journal")
)  # fmt: skip
"""Texts at such places that no person reads: keys, and names as they are typed."""


def template(node):
    """A text, or an f-string with its values left out; None for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = template(node.left), template(node.right)
        return None if left is None or right is None else left + right
    return None


def texts(node):
    """The largest texts in an expression, and those that an f-string chooses from."""
    found = template(node)
    if found is None:
        for child in ast.iter_child_nodes(node):
            yield from texts(child)
        return
    yield found
    for part in ast.walk(node) if isinstance(node, ast.JoinedStr) else ():
        chosen = (part.body, part.orelse) if isinstance(part, ast.IfExp) else part.values if isinstance(part, ast.BoolOp) else ()
        yield from filter(None, map(template, chosen))


def carried(node, folder):
    """The expressions at this node that a person reads."""
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in RAISED:
            return node.args[RAISED[name] :][:1]
        if name in ("say", "confirm") and folder == "tools":
            return node.args[:1]
        if name == "echo" and any(word.arg == "err" for word in node.keywords):
            return node.args[:1]
        if name in ("alert", "_alert"):
            return [word.value for word in node.keywords if word.arg in ("text", "do")]
        if name == "_trouble":
            return node.args[1:]
        if name == "error" and len(node.args) == 3:
            return node.args[2:]
        return node.args if name in ("wrong", "listed") and folder == "config" else []
    if isinstance(node, ast.Dict):
        return [value for key, value in zip(node.keys, node.values, strict=True) if isinstance(key, ast.Constant) and key.value in ("error", "does")]
    if isinstance(node, ast.Assign) and any(getattr(target, "id", "") in NAMES for target in node.targets):
        return [node.value]
    if isinstance(node, ast.FunctionDef) and SAYS.match(node.name):
        return [each.value for each in ast.walk(node) if isinstance(each, (ast.Return, ast.Yield)) and each.value is not None]
    if isinstance(node, ast.FunctionDef) and TELLS.match(node.name):
        return node.body[1:] if ast.get_docstring(node) else node.body
    return []


def messages():
    """Every message with words in it, and the file that it is of."""
    found = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).glob("*.py")):
            if SCREENS.search(path.name) or path.name.startswith("messages"):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                for expression in carried(node, folder):
                    for text in texts(expression):
                        if re.search("[a-z]{2,}", NO_WORDS.sub("", text)) and not text.startswith('{"'):
                            found.setdefault(text, f"{folder}/{path.name}")
    return found


COLLECTED = messages()


def test_every_message_has_a_chinese_form():
    """Write what is lacking into `config/messages_verbs.py`, `_node.py` or `_config.py`."""
    lacking = {text: file for text, file in COLLECTED.items() if text not in MESSAGES and text not in GLOSSARY and text not in OTHERS}
    assert lacking == {}
    assert len(COLLECTED) > 400


def test_a_form_says_every_value_of_its_message_once():
    wrong = {}
    for text, zh in MESSAGES.items():
        count, places = text.count("{}"), re.findall(r"\{(\d*)\}", zh)
        expected = [""] * count if "" in places else [str(number) for number in range(count)]
        if sorted(places) != expected:
            wrong[text] = zh
    assert wrong == {}


def test_forms_are_chinese():
    bare = {text: NO_WORDS.sub("", text) for text in MESSAGES}
    same = {"qty: {}", "body: {}"}
    assert [text for text, zh in MESSAGES.items() if text not in same and re.search("[a-z]{3,}", bare[text]) and not re.search("[\u4e00-\u9fff]", zh)] == []


@pytest.mark.parametrize(
    ("text", "zh"),
    [
        ("no pair 'x'; there are: AxB, C", "没有组合 'x';现有:AxB, C"),
        ("AxB.1.2 is not in flight: it has ended, DONE", "AxB.1.2 不在途:已结束,已完成"),
        (
            "not connected: /d: no answer in 2000 ms (does its lane hang? ./hedgerow ps): is the node running? ./hedgerow run -c FILE",
            "未连接:/d:2000 毫秒内无应答(主循环卡住了吗?./hedgerow ps)。节点在运行吗?./hedgerow run -c FILE",
        ),
        (str(ConfigError("f.toml", "pair.size.units", 0, "more than 0")), "f.toml:pair.size.units = 0:可用:大于 0"),
        ("what nobody has written down", "what nobody has written down"),
        ("STRANDED", "滞留"),
    ],
)
def test_a_message_is_found_by_its_words_and_keeps_its_values(text, zh):
    assert translated(text) == zh
    assert in_language(text, "zh") == zh
    assert in_language(text, "en") == text
