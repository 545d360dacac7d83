"""The operators' words at the operate socket: kill, modes, hedges in hand.

Each is a record with the operator's name; with `dry_run` it only says what it
would do. Thread: the lane, in the inspector's turn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actors.answering import Answer, text_arg
from actors.controls import HoldChanged
from actors.notes import Operate
from actors.pair_show import show_hedge
from actors.runtime import StartFailed
from config.changes import decoded
from domain import controls, pairs
from domain.controls import Killed, Level, PositionAccepted, ScopeModeSet, Unkilled
from domain.cover import latest_version
from domain.errors import ConfigError, IllegalTransition, JournalError
from domain.ids import hedge_pair
from domain.pairs import Mode
from domain.units import decimal_of
from tools.money_looks import MoneyLooks
from tools.node_answers import Acts, tried
from tools.node_change import NodeChange
from tools.node_exposures import exposure_arg, moved_text
from tools.node_hand import HandWords
from tools.node_signed import is_dry as _is_dry
from tools.node_signed import signed as _signed
from wire.codec import MAX_TURNOVER_TICKS
from wire.inspection import BAD_REQUEST, NO_SUCH, REFUSED, Unanswerable
from wire.messages import MAX_TRADE_LOTS

MAX_SHOWN = 64
CHANGES = ("config apply", "pair add", "pair change", "pair remove", "strategy add", "strategy change", "strategy remove", "risk limits set")
"""What a change of the configuration may be called in its record."""
DOES = {
    Level.BLOCK: "no order that opens; hedges in flight are repaired by going back",
    Level.FREEZE: "cancels leave, then no order at all; what is naked is STRANDED",
    Level.FLATTEN: "cancels leave, then only orders that reduce; what is held is closed",
}
DOES_MODE = {
    Mode.ACTIVE: "opens and closes",
    Mode.REDUCING: "no hedge that opens",
    Mode.PAUSED: "no new hedge; those in flight go on",
    Mode.HALTED: "cancels leave, then no order at all; what is naked is STRANDED",
}


class Words(Acts):
    """All verbs of the operate socket."""

    def table(self) -> dict[str, Answer]:
        """Verb to function."""
        return {
            **super().table(),
            "kill": self.kill,
            "unkill": self.unkill,
            "mode": self.mode,
            "pair_enable": lambda args: self._pair_word(args, "enable"),
            "pair_disable": lambda args: self._pair_word(args, "paused"),
            "exposure_set": self.exposure_set,
            "exposure_accept": self.exposure_accept,
            "hedge_retry": lambda args: self._hedge_word(args, "retry"),
            "hedge_take": lambda args: self._hedge_word(args, "take"),
            "hedge_release": lambda args: self._hedge_word(args, "give_back"),
            "position_accept": self.position_accept,
            "config_apply": self.config_apply,
            **HandWords(self.node).table(),
            "gateway_restart": self.gateway_restart,
        }

    def config_apply(self, args: dict[str, Any]) -> dict[str, Any]:
        """The configuration, or some tables of it, as they are to be from now on."""
        operator, reason = _signed(args)
        label = text_arg(args, "label", CHANGES[0])
        if label not in CHANGES:
            raise Unanswerable(BAD_REQUEST, f"label={label!r}: allowed: {', '.join(CHANGES)}")
        body = args.get("body")
        if not isinstance(body, bytes):
            raise Unanswerable(BAD_REQUEST, "body: allowed: the tables, as ./hedgerow config apply sends them")
        change = NodeChange(self.node)
        try:
            told = decoded(body)
        except ConfigError as error:
            raise Unanswerable(BAD_REQUEST, str(error)) from None
        plan = change.plan(told)
        if _is_dry(args):
            return {"does": change.lines(plan)}
        with self.node.service.reloading():
            return change.apply(plan, told, label, operator, reason)

    def gateway_restart(self, args: dict[str, Any]) -> dict[str, Any]:
        """A managed gateway's process ended in order and started anew."""
        venue = text_arg(args, "venue")
        operator, reason = _signed(args)
        gateways = self.node.gateways
        why = gateways.why_no_restart(venue)
        if why:
            raise Unanswerable(REFUSED if venue in self.node.desk.links else NO_SUCH, why)
        if _is_dry(args):
            return {"does": gateways.lines(venue)}
        return tried(lambda: gateways.restart(venue, operator, reason))

    # ------------------------------------------------ kills and modes

    def kill(self, args: dict[str, Any]) -> dict[str, Any]:
        """Bar orders at once; cancels and the rest follow in this turn."""
        scope, level = self._scope(args), _one_of(args, "level", Level)
        operator, reason = _signed(args, reason="")
        if _is_dry(args):
            return {"does": [f"kill {scope}, {level}: {DOES[level]}", *self._lines(scope)]}
        return self._apply(Killed(scope, level, operator, reason or "kill"), "kill", "KILLED", "critical", level=str(level))

    def unkill(self, args: dict[str, Any]) -> dict[str, Any]:
        """End a kill; what is STRANDED stays so until a person retries it."""
        scope = self._scope(args)
        operator, reason = _signed(args)
        if scope not in self._controls.state.kills:
            there = ", ".join(self._controls.state.kills) or "none"
            raise Unanswerable(REFUSED, f"no kill of {scope!r} holds; there are: {there}")
        if _is_dry(args):
            return {"does": [f"end the kill of {scope}; STRANDED hedges wait for a person", *self._lines(scope)]}
        return self._apply(Unkilled(scope, operator, reason), "unkill", "UNKILLED", "warning")

    def mode(self, args: dict[str, Any]) -> dict[str, Any]:
        """A mode for everything, a market, an instrument or a pair."""
        scope, mode = self._scope(args), _one_of(args, "mode", Mode, str.upper)
        operator, reason = _signed(args)
        if _is_dry(args):
            return {"does": [f"mode {mode.lower()} for {scope}: {DOES_MODE[mode]}", *self._lines(scope)]}
        if scope.startswith(controls.PAIR):
            told = self._to_pair(scope.partition(" ")[2], Operate(mode.lower(), operator, reason))
            return {**told, "scope": scope, "pairs": self._pictures([scope.partition(" ")[2]])}
        return self._apply(ScopeModeSet(scope, mode, operator, reason), "mode", "", "")

    def position_accept(self, args: dict[str, Any]) -> dict[str, Any]:
        """A difference between ours and the venue's position, looked at."""
        key = (text_arg(args, "venue"), text_arg(args, "symbol"))
        operator, reason = _signed(args)
        looks = MoneyLooks(self.node)
        row = next(looks.positions_of(key)) if key in {*self.node.desk.holders, *self.node.desk.positions} else None
        if row is None:
            raise Unanswerable(NO_SUCH, f"nobody holds {key[1]} at {key[0]}: ./hedgerow position ls")
        if row["equal"] is None:
            raise Unanswerable(REFUSED, f"{key[0]} has not said what it holds of {key[1]}: nothing to compare with")
        more = (row["difference_long"], row["difference_short"])
        if row["equal"] or list(more) == row["accepted"]:
            raise Unanswerable(REFUSED, f"{key[1]} at {key[0]}: no difference that nobody has accepted yet")
        if _is_dry(args):
            return {"does": [f"{key[1]} at {key[0]}: accept that the account holds {more[0]:+d} long, {more[1]:+d} short against our fills; opens go on"]}
        fact = PositionAccepted(controls.symbol_scope(key), *more, operator, reason)
        return self._apply(fact, "position reconcile", "POSITION_ACCEPTED", "warning", long=more[0], short=more[1])

    def _apply(self, fact: Any, verb: str, code: str, severity: str, **more: Any) -> dict[str, Any]:
        node = self.node
        try:
            seq, names = self._controls.apply(fact, verb)
        except IllegalTransition as error:
            raise Unanswerable(REFUSED, str(error)) from None
        for name in names:
            node.runtime.tell(name, HoldChanged(seq))
        node.lane.flush()
        if code:
            try:
                told = {"scope": fact.scope, "operator": fact.operator, "reason": fact.reason}
                node.desk.alert(severity, code, **told, **more, cause=seq)
            except JournalError as error:  # it must not keep a kill from being answered
                node.desk.journal_failed = str(error)
        return {"seq": seq, "scope": fact.scope, "pairs": self._pictures(names)}

    @property
    def _controls(self) -> Any:
        return self.node.desk.controls

    def _scope(self, args: dict[str, Any]) -> str:
        """The scope among the arguments, if there is such. Raises: Unanswerable."""
        scope = " ".join(text_arg(args, "scope", controls.ALL).split())
        if scope in self._controls.state.kills or scope in self._controls.state.modes or self._controls.pairs_in(scope):
            return scope
        there = ", ".join(dict.fromkeys(each for name in self._names for each in self._controls.scopes(name)))
        raise Unanswerable(NO_SUCH, f"no scope {scope!r}; there are: {there[:400]}")

    @property
    def _names(self) -> list[str]:
        return [spec.name for spec in self.node.specs]

    # ------------------------------------------------ pairs and hedges

    def _pair_word(self, args: dict[str, Any], verb: str) -> dict[str, Any]:
        name = text_arg(args, "pair")
        operator, reason = _signed(args)
        if name not in self._names:
            raise Unanswerable(NO_SUCH, f"no pair {name!r}; there are: {', '.join(self._names[:20])}")
        if _is_dry(args):
            what = "released where it is FROZEN, and ACTIVE" if verb == "enable" else "no new hedge; one in flight goes on"
            return {"does": [f"{name}: {what}", *self._lines(f"{controls.PAIR} {name}")]}
        if verb == "enable":
            self._revive(name)
        return {**self._to_pair(name, Operate(verb, operator, reason)), "pairs": self._pictures([name])}

    def _revive(self, name: str) -> None:
        """A pair that was given up: its own actors again. Raises: Unanswerable."""
        giving_up = self.node.giving_up
        if name not in giving_up.given:
            return
        why = giving_up.why_not_yet(name)
        if why:
            raise Unanswerable(REFUSED, f"{name} was given up, and {why}")
        try:
            giving_up.revive(name)
        except StartFailed as error:
            raise Unanswerable(REFUSED, f"{error}: {name} stays given up") from None

    def exposure_set(self, args: dict[str, Any]) -> dict[str, Any]:
        """What a cover pair's exposure is: absolute, by a person."""
        name, operator, reason = self._cover(args)
        now_ns = self.node.clock.wall_ns()
        told = exposure_arg(args, now_ns, operator, latest_version(self.node.pairs()[name]))
        if _is_dry(args):
            spec = next(spec for spec in self.node.specs if spec.name == name)
            moved = moved_text(self.node.pairs()[name].exposure, told, spec.cover)
            return {"does": [f"{name}: its exposure is {moved}, version {told.version}; its leg follows"]}
        return self._to_pair(name, Operate("exposure_set", operator, reason, exposure=told))

    def exposure_accept(self, args: dict[str, Any]) -> dict[str, Any]:
        """The exposure that waits, since it moved too far at once, is right."""
        name, operator, reason = self._cover(args)
        waiting = self.node.pairs()[name].waiting
        if _is_dry(args):
            return {"does": [f"{name}: {'nothing waits' if waiting is None else f'its exposure is {waiting.qty}; its leg follows'}"]}
        return self._to_pair(name, Operate("exposure_accept", operator, reason))

    def _cover(self, args: dict[str, Any]) -> tuple[str, str, str]:
        name = text_arg(args, "pair")
        operator, reason = _signed(args)
        there = [spec.name for spec in self.node.specs if spec.cover is not None]
        if name not in there:
            raise Unanswerable(NO_SUCH, f"no cover pair {name!r}; there are: {', '.join(there[:20]) or 'none'}")
        return name, operator, reason

    def _hedge_word(self, args: dict[str, Any], verb: str) -> dict[str, Any]:
        hedge_id = text_arg(args, "hedge")
        name = hedge_pair(hedge_id)
        operator, reason = _signed(args)
        pair = self.node.pairs().get(name)
        hedge = None if pair is None else pairs.find(pair, hedge_id)
        if hedge is None:
            raise Unanswerable(NO_SUCH, f"no hedge {hedge_id!r} is at hand: ./hedgerow hedge ls")
        booked = self._booked(name, text_arg(args, "booked", "")) if verb == "give_back" else ()
        if _is_dry(args):
            stands = f"{hedge_id} is {hedge.status}, the ledger naked by {list(pair.naked)}"
            return {"does": [f"{stands}: {_DOES_HEDGE[verb]}", *[f"book leg {i}: {lots:+d} at {px} ticks" for i, lots, px in booked]]}
        return self._to_pair(name, Operate(verb, operator, reason, hedge_id, booked))

    def _booked(self, name: str, text: str) -> tuple[tuple[int, int, int | None], ...]:
        """What was done by hand: `LEG:LOTS@PRICE`, several with commas."""
        spec = next(spec for spec in self.node.specs if spec.name == name)
        return tuple(_done(part.strip(), spec) for part in text.split(",") if part.strip())

    def _to_pair(self, name: str, word: Operate) -> dict[str, Any]:
        actor = self.node.actor(name)
        if actor is None:
            raise Unanswerable(REFUSED, f"{name} is being raised again: ask once more")
        return tried(lambda: actor.on_operate(word))

    # ------------------------------------------------ what stands

    def _lines(self, scope: str) -> list[str]:
        """What the pairs in a scope have at stake, a line each."""
        return [
            f"{row['pair']}: {row['state']} {row['hedge'] or ''} {row['hedge_state'] or ''} live orders {row['live_orders']}, naked {row['naked']}"
            for row in self._pictures(self._controls.pairs_in(scope))
        ]

    def _pictures(self, names: list[str]) -> list[dict[str, Any]]:
        """The pairs of these that have something in flight or naked."""
        now_ns = self.node.clock.mono_ns()
        rows = (self._picture(name, now_ns) for name in names)
        return [row for row in rows if row is not None][:MAX_SHOWN]

    def _picture(self, name: str, now_ns: int) -> dict[str, Any] | None:
        pair, actor = self.node.pairs().get(name), self.node.pair_actor(name)
        if pair is None or (pair.hedge is None and not any(pair.naked) and pair.status is not pairs.P.FROZEN):
            return None
        hedge = pair.hedge
        shown = {} if hedge is None else show_hedge(hedge, now_ns)
        live = 0 if hedge is None else sum(order.live for leg in hedge.legs for order in leg.orders)
        return {
            "pair": name,
            "state": str(pair.status),
            "hedge": shown.get("hedge"),
            "hedge_state": shown.get("state"),
            "stranded_why": shown.get("stranded_why", ""),
            "live_orders": live,
            "naked": list(pair.naked),
            "value": None if actor is None else actor.worth(pair.naked),
            "currency": next(spec.currency for spec in self.node.specs if spec.name == name),
        }

    def modes(self, _args: dict[str, Any]) -> dict[str, Any]:
        """For the view socket: every word that holds, and each pair's own mode."""
        state = self._controls.state
        rows = [_row(scope, "kill", str(word.level), word) for scope, word in state.kills.items()]
        rows += [_row(scope, "mode", str(word.mode), word) for scope, word in state.modes.items()]
        for name in self._names:
            pair = self.node.pairs().get(name)
            held = self._controls.hold(name).why
            mode = None if pair is None else str(pair.mode)
            rows.append({"scope": f"pair {name}", "word": "mode", "value": mode, "operator": "", "reason": held})
        return {"rows": rows[:1024]}


_DOES_HEDGE = {
    "retry": "it settles and is repaired anew, with the orders of one more retry",
    "take": "it is yours: its exposure stays on the ledger, the pair is FROZEN until you give it back",
    "give_back": "what you did is booked, the pair goes on",
}


def _row(scope: str, word: str, value: str, fact: Any) -> dict[str, Any]:
    return {"scope": scope, "word": word, "value": value, "operator": fact.operator, "reason": fact.reason}


def _one_of(args: dict[str, Any], key: str, kind: Any, form: Callable[[str], str] = str) -> Any:
    given = text_arg(args, key)
    try:
        return kind(form(given))
    except ValueError:
        raise Unanswerable(BAD_REQUEST, f"{key}={given!r}: allowed: {', '.join(each.lower() for each in kind)}") from None


def _done(text: str, spec: Any) -> tuple[int, int, int | None]:
    """One trade by hand, its price in ticks. Raises: Unanswerable."""
    allowed = "LEG:LOTS@PRICE, say 0:-2@101.5 (two lots of leg 0 sold); @PRICE may be left out"
    try:
        leg_text, _, rest = text.partition(":")
        lots_text, _, price = rest.partition("@")
        leg, lots = int(leg_text), int(lots_text)
        ticks = None if not price else decimal_of(price) / spec.legs[leg].instrument.tick_size
    except (ValueError, IndexError):
        raise Unanswerable(BAD_REQUEST, f"booked={text!r}: allowed: {allowed}") from None
    if not lots or leg < 0 or (ticks is not None and ticks != int(ticks)):
        raise Unanswerable(BAD_REQUEST, f"booked={text!r}: allowed: {allowed}; a price in whole ticks")
    if abs(lots) > MAX_TRADE_LOTS or abs(ticks or 0) * abs(lots) > MAX_TURNOVER_TICKS:
        raise Unanswerable(BAD_REQUEST, f"booked={text!r}: allowed: {allowed}; no market has so much of it")
    return leg, lots, None if ticks is None else int(ticks)
