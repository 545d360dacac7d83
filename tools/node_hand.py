"""The operators' words for hedges and orders by hand. Thread: the lane."""

from __future__ import annotations

from typing import Any

from actors.answering import Answer, count_arg, text_arg
from actors.notes import Operate
from actors.pair_hand import why_no_rollback
from domain import pairs
from domain.ids import hedge_of, hedge_pair
from tools.node_answers import tried
from wire.inspection import BAD_REQUEST, NO_SUCH, REFUSED, Unanswerable

MOST_UNITS = 1_000_000


class HandWords:
    """Open, close, roll back, cancel: each is a record."""

    def __init__(self, node: Any) -> None:
        self.node = node

    def table(self) -> dict[str, Answer]:
        """Verb to function."""
        return {
            "hedge_open": lambda args: self._hedge(args, "open"),
            "hedge_close": lambda args: self._hedge(args, "close"),
            "position_unlock": lambda args: self._hedge(args, "unlock"),
            "hedge_rollback": self.rollback,
            "order_cancel": self.cancel,
        }

    def _hedge(self, args: dict[str, Any], verb: str) -> dict[str, Any]:
        name, side = text_arg(args, "pair"), text_arg(args, "side", "")
        operator, reason = signed_arg(args)
        if verb == "open" and side not in ("buy", "sell"):
            raise Unanswerable(BAD_REQUEST, f"side={side!r}: allowed: buy, sell (the pair)")
        units = count_arg(args, "units", 0, 0, MOST_UNITS)
        actor = self._actor(name)
        word = Operate(verb, operator, reason, units=units, side=side)
        if args.get("dry_run") is True:
            if not hasattr(actor, "would"):
                raise Unanswerable(REFUSED, tried(lambda: actor.on_operate(word)).get("error", ""))
            would = actor.would(word)
            if isinstance(would, str):
                raise Unanswerable(REFUSED, f"{name}: refused as things stand: {would}")
            return {"does": would}
        return tried(lambda: actor.on_operate(word))

    def rollback(self, args: dict[str, Any]) -> dict[str, Any]:
        """The hedge in flight goes back."""
        ref = text_arg(args, "hedge")
        operator, reason = signed_arg(args)
        actor = self._actor(hedge_pair(ref), f"hedge {ref!r}")
        if args.get("dry_run") is True:
            pair = self.node.pairs()[hedge_pair(ref)]
            why, hedge = why_no_rollback(pair, ref, self.node.desk.controls.hold(pair.name)), pair.hedge
            if why:
                raise Unanswerable(REFUSED, f"refused as things stand: {why}")
            stands = f"{ref}: {hedge.status}, naked {list(hedge.naked)}: what works is cancelled, what no other leg covers is reversed"
            return {"does": [stands, f"units whose legs have all filled by then stay: ./hedgerow hedge close {pair.name} takes them"]}
        return tried(lambda: actor.on_operate(Operate("rollback", operator, reason, ref)))

    def cancel(self, args: dict[str, Any]) -> dict[str, Any]:
        """One order."""
        ref = text_arg(args, "order")
        operator, reason = signed_arg(args)
        name = hedge_pair(hedge_of(ref)[0])
        actor = self._actor(name, f"order {ref!r}")
        if args.get("dry_run") is True:
            order = pairs.place_of(self.node.pairs()[name], ref)[1]
            stands = "is not at hand" if order is None else f"is {order.status}, {order.leaves_qty} of {order.qty} left"
            return {"does": [f"{ref} {stands}: cancelled where it lives; its hedge settles and is repaired by the pair's rules"]}
        return tried(lambda: actor.on_operate(Operate("cancel", operator, reason, order=ref)))

    def _actor(self, name: str, what: str = "") -> Any:
        if name not in self.node.by_name:
            raise Unanswerable(NO_SUCH, f"no {what or f'pair {name!r}'}; there are pairs: {', '.join(list(self.node.by_name)[:20]) or 'none'}")
        actor = self.node.actor(name)
        if actor is None:
            raise Unanswerable(REFUSED, f"{name} is being raised again: ask once more")
        return actor


def signed_arg(args: dict[str, Any]) -> tuple[str, str]:
    """Who, and why. Raises: Unanswerable."""
    operator, reason = text_arg(args, "operator").strip(), text_arg(args, "reason").strip()
    if not operator or not reason:
        raise Unanswerable(BAD_REQUEST, "allowed: an operator's name and a reason")
    return operator, reason
