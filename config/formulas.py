"""What a configuration may say of a pair's formula and its legs' names."""

from __future__ import annotations

import keyword
from collections.abc import Iterator

from config.load import Loaded
from config.values import leg_names
from domain.errors import ConfigError
from domain.formulas import CALLS, Formula, FormulaError

Found = Iterator[ConfigError]


def problems(loaded: Loaded, index: int) -> Found:
    """A formula can be read, and moves one way with each of its legs."""
    pair = loaded.config.pair[index]
    names = leg_names(pair)
    for place, name in enumerate(names):
        taken = name in names[:place] or name in CALLS or keyword.iskeyword(name)
        if taken:
            allowed = f"a name of its own, none of {', '.join(CALLS)} and no word of Python's"
            yield loaded.error(("pair", index, "legs", place, "name"), name, allowed)
            return
    trigger, path = pair.trigger, ("pair", index, "trigger", "formula")
    if trigger.on != "formula":
        if trigger.formula:
            yield loaded.error(path, trigger.formula, f'none, or on = "formula": this pair watches its {trigger.on}')
        return
    if not trigger.formula:
        yield loaded.error(path, None, f"a formula over {', '.join(names)}")
        return
    try:
        wrong = Formula(trigger.formula, names).wrong([leg.side == "buy" for leg in pair.legs])
    except FormulaError as error:
        wrong = str(error)
    if wrong:
        yield loaded.error(path, trigger.formula, wrong)
