"""The operators' words for actors: suspend, resume, restart.

Each is a record with the operator's name; with `dry_run` it only says what it
would do, and first what is open in that actor's hands. Thread: the lane, in the
inspector's turn.
"""

from __future__ import annotations

from typing import Any

from actors.answering import Answer, count_arg, text_arg
from actors.controls import KIND
from actors.deaths import Cause, Reason
from actors.hedge_show import iso
from actors.held import Held
from domain.errors import JournalError
from supervisors.engine import Supervisor
from supervisors.family import Kin, family
from supervisors.policy import restarted_with
from tools.node_build import ROOT
from tools.node_signed import is_dry, signed
from tools.stakes import Stake, stake_of
from wire.codec import pack
from wire.inspection import NO_SUCH, REFUSED, Unanswerable

SUSPEND_MS = 30_000
SUSPEND_MOST_MS = 600_000
NS_A_MS = 1_000_000
KEEPS_GOING = {
    "node/inspector": "it is what a resume would be asked of",
    "node/observer": "a thread of its own answers for it: it has no mail",
    "node/hangs": "it finds those who hang",
    "journal/sync": "without it no record is safe on disk",
    "node/record": "it watches whether anything can be recorded",
}
"""Who is not suspended, and why not."""


class ActorWords:
    """Verbs of the operate socket. Thread: the lane."""

    def __init__(self, node: Any) -> None:
        self.node = node
        self.runtime, self.clock = node.runtime, node.clock

    def table(self) -> dict[str, Answer]:
        """Verb to function."""
        return {"actor_suspend": self.suspend, "actor_resume": self.resume, "actor_restart": self.restart}

    # ------------------------------------------------ suspend and resume

    def suspend(self, args: dict[str, Any]) -> dict[str, Any]:
        """Nothing but its control lane, for so long."""
        name = self._there(args)
        for_ms = count_arg(args, "for_ms", SUSPEND_MS, 1, SUSPEND_MOST_MS)
        operator, reason = signed(args)
        actor = self.node.actor(name)
        if actor is None:
            raise Unanswerable(REFUSED, f"{name} is down: it gets nothing as it is")
        why_not = self._keeps_going(name, actor)
        if why_not:
            raise Unanswerable(REFUSED, f"{name} can't be suspended: {why_not}")
        stake = stake_of(self.node, [name])
        if is_dry(args):
            line = f"suspend {name} for {for_ms / 1000:g} s: no message but kills, stops and operators' words; the rest waits in its mailbox"
            return {"does": [line, *_warned(stake, "nobody looks after that meanwhile")]}
        until_ns = self.clock.mono_ns() + for_ms * NS_A_MS
        until = iso(self.clock.wall_ns() + for_ms * NS_A_MS)
        seq = self._record("actor suspend", name, operator, reason, for_ms=for_ms, stake=stake.said())
        self.runtime.suspend(name, until_ns)
        self._alert("warning", "ACTOR_SUSPENDED", seq, actor=name, until=until, operator=operator, reason=reason, stake=stake.said())
        return {"seq": seq, "actor": name, "until": until, "stake": stake.said()}

    def resume(self, args: dict[str, Any]) -> dict[str, Any]:
        """What waited is handled, in the order of its lanes."""
        name = self._there(args)
        operator, reason = signed(args)
        box = self.runtime.mailbox(name)
        if box.executor.__class__ is not Held:
            there = ", ".join(self.runtime.suspended()) or "nobody"
            raise Unanswerable(REFUSED, f"{name} is not suspended; who is: {there}")
        if is_dry(args):
            return {"does": [f"resume {name}: {box.depth()} messages wait for it"]}
        waiting = box.depth()
        seq = self._record("actor resume", name, operator, reason, waiting=waiting)
        self.runtime.resume(name)
        return {"seq": seq, "actor": name, "waiting": waiting}

    def _keeps_going(self, name: str, actor: Any) -> str:
        if name in KEEPS_GOING:
            return KEEPS_GOING[name]
        if isinstance(actor, Supervisor):
            return "it is a supervisor: whoever ends below it would stay down"
        if self.node.lane.reads_for(actor):
            return "it reads a gateway's link, which would be taken for lost: ./hedgerow mode set paused market VENUE"
        return ""

    # ------------------------------------------------ restart

    def restart(self, args: dict[str, Any]) -> dict[str, Any]:
        """Stop it, kill it when its time is up, start it under the next epoch."""
        name = self._there(args)
        operator, reason = signed(args)
        force = args.get("force") is True
        kin = self._kin(name)
        keeper = kin.keeper
        specs = tuple(child.spec for child in keeper.children)
        group = [specs[place].name for place in restarted_with(keeper.spec.strategy, specs, keeper.children.index(kin.child))]
        stake = stake_of(self.node, group)
        if is_dry(args):
            others = f", with {', '.join(group[1:])} ({keeper.spec.strategy.value})" if len(group) > 1 else ""
            refused = "" if force or not stake.is_open else ": it would be refused without --force"
            return {"does": [f"restart {name}{others}{refused}", *_warned(stake, "what is on record is taken up again")]}
        if stake.is_open and not force:
            raise Unanswerable(REFUSED, f"{name}: {stake.said()}: wait until it is settled, or --force")
        why_not = keeper.why_no_restart(name)
        if why_not:
            raise Unanswerable(REFUSED, why_not)
        box = self.runtime.boxes.get(name)
        epoch = 0 if box is None else box.epoch
        seq = self._record("actor restart", name, operator, reason, force=force, epoch=epoch, group=group, stake=stake.said())
        self._alert("warning", "ACTOR_RESTARTED", seq, actor=name, operator=operator, reason=reason, stake=stake.said())
        keeper.restart_child(name, Reason(Cause.OPERATOR, note=f"{operator}: {reason}"))
        return {"seq": seq, "actor": name, "epoch": epoch, "with": group[1:], "stake": stake.said()}

    def _kin(self, name: str) -> Kin:
        for kin in family(self.runtime, ROOT):
            if kin.name == name:
                if kin.keeper is None:
                    raise Unanswerable(REFUSED, f"{name} is the whole node: ./hedgerow stop, then ./hedgerow run")
                return kin
        raise Unanswerable(REFUSED, f"{name} is nobody's child: nobody would start it again")

    # ------------------------------------------------ both

    def _there(self, args: dict[str, Any]) -> str:
        name = text_arg(args, "name")
        if name not in self.runtime.boxes:
            raise Unanswerable(NO_SUCH, f"no actor {name!r}: ./hedgerow ps lists them")
        return name

    def _record(self, verb: str, name: str, operator: str, reason: str, **more: Any) -> int:
        """The word's number. Raises: Unanswerable where it can't be recorded."""
        body = {"actor": "node/inspector", "verb": verb, "name": name, "operator": operator, "reason": reason, **more}
        try:
            return self.node.journal.append(KIND, pack(body))
        except JournalError as error:
            raise Unanswerable(REFUSED, f"it can't be recorded: {error}") from None

    def _alert(self, severity: str, code: str, cause: int, **told: Any) -> None:
        self.node.desk.alert(severity, code, **told, cause=cause)


def _warned(stake: Stake, what: str) -> list[str]:
    """What is open, before anything is done."""
    return [f"IT HAS {stake.said()}: {what}"] if stake.is_open else []
