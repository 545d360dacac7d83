"""Draws a machine's diagram from its table: docs/*/machines/NAME.md.

`python -m tools.diagrams` writes every page anew; a test compares them. The
same arrow for several facts is drawn once, its facts one below the other.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any

from config.glossary import zh

ROOT = Path(__file__).resolve().parent.parent

MACHINES: dict[str, tuple[str, str, str]] = {
    "order": ("domain.orders", "Order", "委托"),
    "leg": ("domain.legs", "Leg", "腿"),
    "mandate": ("domain.mandates", "Mandate", "补救授权"),
    "hedge": ("domain.hedges", "Hedge", "对冲单"),
    "pair": ("domain.pairs", "Pair", "组合"),
    "venue": ("domain.venues", "Venue", "场所连接"),
}
"""Page name -> module of the table, English title, Chinese title."""

TEXTS = {
    "en": ("Drawn from the table in `{file}`; any other pair is illegal.", "Ignored, with the reason", "state", "fact", "why"),
    "zh": ("由 `{file}` 中的状态表生成；表中没有的组合一律非法。", "忽略的事件及原因", "状态", "事件", "原因"),
}


def label(thing: Any) -> str:
    """What a state or an event is called in a diagram."""
    if isinstance(thing, Enum):
        return thing.name
    return thing.__name__ if isinstance(thing, type) else str(thing)


def targets(state: Any, event: Any, to: Any, named: Mapping[Any, Iterable[Any]]) -> Iterable[Any]:
    """The states that a row may lead to: one, but where the event names it."""
    if to is None:
        return named[event]
    return (to if isinstance(to, Enum) else state,)


def mermaid(
    transitions: Mapping[tuple[Any, Any], Any],
    terminal: Iterable[Any] = (),
    named: Mapping[Any, Iterable[Any]] | None = None,
    caption: Callable[[str], str] = str,
) -> str:
    """A mermaid stateDiagram of `(state, event) -> state`.

    A target that is a mark such as `=` means that the state stays; None, that
    the event names one of `named`. The first row's state is where it begins;
    a state whose caption is another word is shown by both.
    """
    states = dict.fromkeys(label(state) for state, _ in transitions)
    arrows: dict[tuple[str, str], list[str]] = {}
    for (state, event), to in transitions.items():
        for target in targets(state, event, to, named or {}):
            arrows.setdefault((label(state), label(target)), []).append(label(event))
    lines = ["stateDiagram-v2"]
    shown = dict.fromkeys([*states, *(target for _, target in arrows)])
    lines += [f'    state "{caption(name)} {name}" as {name}' for name in shown if caption(name) != name]
    lines.append(f"    [*] --> {next(iter(states))}")
    for (source, target), events in arrows.items():
        lines.append(f"    {source} --> {target}: {'<br/>'.join(dict.fromkeys(events))}")
    lines += [f"    {label(state)} --> [*]" for state in terminal]
    return "\n".join(lines)


def page(name: str, lang: str) -> str:
    """The whole page of one machine."""
    module_name, *titles = MACHINES[name]
    module = import_module(module_name)
    intro, ignored_title, *heads = TEXTS[lang]
    file = module_name.replace(".", "/") + ".py"
    parts = [f"# {titles[lang == 'zh']}", intro.format(file=file)]
    drawn = mermaid(
        module.TRANSITIONS,
        getattr(module, "TERMINAL", ()),
        getattr(module, "NAMED", None),
        zh if lang == "zh" else str,
    )
    parts.append(f"```mermaid\n{drawn}\n```")
    ignored = getattr(module, "IGNORED", {})
    if ignored:
        rows = [f"| {' | '.join(heads)} |", "| --- | --- | --- |"]
        rows += [f"| {label(state)} | {label(event)} | {why} |" for (state, event), why in ignored.items()]
        parts.append(f"## {ignored_title}\n\n" + "\n".join(rows))
    return "\n\n".join(parts) + "\n"


def path_of(name: str, lang: str) -> Path:
    return ROOT / "docs" / lang / "machines" / f"{name}.md"


def main() -> int:
    """Write every page; exit 0."""
    for name in MACHINES:
        for lang in TEXTS:
            path = path_of(name, lang)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(page(name, lang), encoding="utf-8")
            print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
