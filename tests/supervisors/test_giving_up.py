"""Groups counted apart, and what takes the place of a child that was given up."""

import pytest

from actors.deaths import Cause
from supervisors.spec import ChildSpec, GivingUp
from tests.supervisors.test_zoo import MS, SEEDS, Good, alive, make, poke


@pytest.mark.parametrize("seed", SEEDS)
def test_groups_are_counted_apart_and_another_takes_the_place_of_the_one_given_up(seed):
    told = []

    def gave_up(name, reason):
        told.append((name, reason.cause))
        sup = runtime.mailbox("sup").actor
        sup.instead(ChildSpec(name, (Quiet, (diary,))), ("c",))

    diary = []
    simulated, runtime = make(
        seed, diary, intensity=2, giving_up=GivingUp.DROP, on_gave_up=gave_up, counted_by=lambda name: "bc" if name in "bc" else name,
        may_give_up=lambda *_: not told,
    )  # fmt: skip
    for name in "abac":
        poke(simulated, runtime, name)
    assert (told, alive(runtime)) == ([], "abc")
    poke(simulated, runtime, "b")  # the third of its group within the period
    assert told == [("b", Cause.CRASH)]
    assert (alive(runtime), runtime.mailbox("b").actor.__class__) == ("ab", Quiet)
    poke(simulated, runtime, "b")
    assert alive(runtime) == "ab"
    runtime.mailbox("sup").actor.forgive("bc")
    assert "bc" not in runtime.mailbox("sup").actor.histories


class Quiet(Good):
    """Survives what its predecessor did not."""

    def on_poke(self, _message):
        self.diary.append("poked")


@pytest.mark.parametrize("seed", SEEDS)
def test_stand_in_that_does_not_start_is_tried_again(seed):
    diary = []
    simulated, runtime = make(
        seed, diary, intensity=0, giving_up=GivingUp.DROP, hold_ms=10, may_give_up=lambda *_: not diary.count("gave up"),
        on_gave_up=lambda name, _reason: (diary.append("gave up"), runtime.mailbox("sup").actor.instead(ChildSpec(name, (FailsOnce, (diary,))), ())),
    )  # fmt: skip
    poke(simulated, runtime, "b")
    assert alive(runtime) == "ac"
    simulated.advance(20 * MS)
    assert alive(runtime) == "abc"


class FailsOnce(Good):
    def on_start(self):
        if self.diary.count("!b") < 1:
            self.diary.append("!b")
            raise ValueError("start")
        super().on_start()
