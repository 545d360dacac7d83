"""Seeds that once broke an invariant, replayed for ever."""

import pytest

from simulation.run import run
from tools.node_build import Node
from tools.sim_ledger import read


@pytest.mark.slow
@pytest.mark.parametrize("row", read(), ids=lambda row: f"{row['seed']}-{row['invariant']}")
def test_seed_of_the_ledger_breaks_nothing_any_more(row):
    assert run(row["seed"], Node, row["safety_ms"], frozenset(row["without"])).violations == []
