"""The tree as it stands, parents before their children."""

from actors.runtime import Runtime
from actors.simulated import SimulatedDispatcher
from supervisors.children import Phase
from supervisors.engine import Supervisor
from supervisors.family import family, show_child, show_keeper
from supervisors.spec import Backoff, ChildSpec, SupervisorSpec
from supervisors.tree import supervisor
from tests.supervisors.test_zoo import SECOND, Good, Poke


def made():
    simulated = SimulatedDispatcher(1)
    runtime = Runtime(simulated, simulated.clock)
    leaf = ChildSpec("leaf", (Good, ([],)))
    inner = supervisor("inner", SupervisorSpec(children=(leaf,), intensity=None, backoff=Backoff(first_ms=1_000)))
    runtime.spawn(Supervisor, "root", SupervisorSpec(children=(inner, ChildSpec("other", (Good, ([],))))))
    return simulated, runtime


def shape(runtime):
    return [(kin.name, kin.depth, kin.keeper and kin.keeper.name) for kin in family(runtime, "root")]


def test_family_is_told_from_the_root_down():
    _, runtime = made()
    assert shape(runtime) == [("root", 0, None), ("inner", 1, "root"), ("leaf", 2, "inner"), ("other", 1, "root")]
    assert show_keeper(runtime.mailbox("inner").actor)["backoff"] == "1000 to 30000 ms"


def test_child_that_waits_for_its_restart_is_still_of_the_family():
    simulated, runtime = made()
    runtime.tell("leaf", Poke())
    simulated.run_idle()
    kin = next(kin for kin in family(runtime, "root") if kin.name == "leaf")
    assert show_child(kin.child)["phase"] == Phase.WAITING
    simulated.advance(2 * SECOND)
    assert show_child(kin.child)["phase"] == Phase.RUNNING


def test_family_of_a_root_that_is_down_is_its_name():
    simulated, runtime = made()
    runtime.stop("root")
    simulated.run_idle()
    assert shape(runtime) == [("root", 0, None)]
