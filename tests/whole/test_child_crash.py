"""A repair child that crashes inside its pair's turn: raised, it goes on."""

from actors.repairer import Repairer


def test_child_that_crashes_on_its_mandate_is_raised_and_repairs(make_world, foreign, monkeypatch):
    world = make_world()
    arm, crashes = Repairer._arm, []

    def crash_once(child, *args):
        if not crashes:
            crashes.append(child.name)
            raise RuntimeError("a bug of ours")
        return arm(child, *args)

    monkeypatch.setattr(Repairer, "_arm", crash_once)
    world.may_crash = True
    world.opens(b=foreign.reject())
    hedge = world.ends()
    assert len(crashes) == 1
    assert (hedge.status, hedge.naked) == ("DONE", (0, 0))
    assert world.alerts() == ["ACTOR_CRASHED"]
