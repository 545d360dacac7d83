"""Messages in Chinese: errors, refusals, what verbs say and find.

Code raises and the node answers in English alone; the screen translates. A
template is the English text with `{}` for each value; what a value holds may
be a message itself and is translated too. A test collects every message of
the command line and asks for its template here.
"""

from __future__ import annotations

import re
from functools import cache

from config.glossary import GLOSSARY
from config.messages_config import CONFIG
from config.messages_node import NODE
from config.messages_verbs import VERBS

MESSAGES: dict[str, str] = {**VERBS, **NODE, **CONFIG}
MOST_DEPTH = 5
"""A message in a message in a message ..."""
_PLACE = re.compile(r"\{(\d*)\}")


def translated(text: str, depth: int = 0) -> str:
    """The message in Chinese; what has no template stays as it is."""
    if text in MESSAGES:
        return MESSAGES[text]
    if text in GLOSSARY:
        return GLOSSARY[text].zh
    if depth > MOST_DEPTH or " " not in text:
        return text
    for pattern, found in _patterns():
        match = pattern.fullmatch(text)
        if match is not None:
            return _filled(found, [translated(group, depth + 1) for group in match.groups()])
    return text


def in_language(text: str, lang: str) -> str:
    """The message as the screen has it, line by line."""
    return translated(text) if lang == "zh" else text


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Each template that has values, the one with most words of its own first."""
    rows = [(key, zh) for key, zh in MESSAGES.items() if "{}" in key]
    rows.sort(key=lambda row: -len(row[0].replace("{}", "")))
    return tuple((re.compile("(.*?)".join(map(re.escape, key.split("{}"))), flags=re.DOTALL), zh) for key, zh in rows)


def _filled(zh: str, values: list[str]) -> str:
    """`{}` are the values in order, `{1}` is the second."""
    left = iter(values)
    return _PLACE.sub(lambda place: values[int(place[1])] if place[1] else next(left), zh)
