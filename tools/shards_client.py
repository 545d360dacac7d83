"""Asks all shards of a node as if they were one, and tells who is away.

Each shard is asked by itself, past the root: a look or a kill needs no root,
and reaches the others where one shard is down or hung. What a pair or a hedge
is asked goes to the shard in which the pair is placed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from domain.ids import hedge_of, hedge_pair
from tools import shard_places
from tools.client import OBSERVE, Absent, Client
from tools.errors import NotConnected, Refused, ToolError, UsageError
from tools.shards_where import MARK

AT_ONCE_MS = 50
PAIR = "pair "
OF_THE_ROOT = frozenset(("root", "gateway_restart"))
OF_A_SCOPE = frozenset(("kill", "unkill", "mode"))
PAIR_ROWS = frozenset(("pairs", "board"))
ACTOR_ROWS = frozenset(("ps", "tree"))
PATHS = ("path", "parent")


class ShardsClient:
    """The same questions as of one node. `away`: by shard, why it is not asked.

    Raises: NotConnected where neither root nor any shard answers.
    """

    def __init__(self, directory: Path, shards: Mapping[str, Path], socket: str, timeout_ms: int) -> None:
        self.directory, self.timeout_ms = directory, timeout_ms
        self._socket, self.dirs = socket, dict(shards)
        self.places = shard_places.read(directory)
        self.there: dict[str, Client] = {}
        self.away: dict[str, str] = {}
        self._on_record: dict[str, dict[str, Any]] = {}
        self.root: Client | None = None
        self._find()
        if not self.there and self.root is None:
            raise NotConnected(f"not connected: {directory}: neither its root nor any of its shards runs: ./hedgerow run -c FILE")

    def __enter__(self) -> ShardsClient:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Give all sockets back."""
        for client in (*self.there.values(), *([self.root] if self.root else [])):
            client.close()
        self.there, self.root = {}, None

    def _find(self) -> None:
        """Whoever is away is looked for again."""
        for name, place in self.dirs.items():
            if name not in self.there:
                try:
                    self.there[name] = Client(place, self._socket, self.timeout_ms)
                    self.away.pop(name, None)
                    self._on_record.pop(name, None)
                except NotConnected as error:
                    self.away[name] = str(error)
        if self.root is None and self._socket != OBSERVE:
            with suppress(NotConnected):
                self.root = Client(self.directory, self._socket, self.timeout_ms)

    def _lost(self, name: str, error: NotConnected) -> None:
        self.there.pop(name).close()
        self.away[name] = str(error)

    # ------------------------------------------------ asking

    def ask(self, verb: str, **args: Any) -> Any:
        """The answer. Raises: NotConnected, Absent, Refused, UsageError."""
        self._find()
        pair = args.get("pair") or hedge_pair(args.get("hedge") or hedge_of(args.get("order") or "")[0])
        if pair:
            return self._of_pair(pair, verb, args)
        if verb in OF_A_SCOPE:
            return self._of_scope(verb, args)
        if verb == "node":
            return self._lanes()
        if verb in OF_THE_ROOT:
            return self._of_the_root(verb, args)
        special: dict[str, Callable[[], Any]] = {"status": self._status, "hedge": self._last_hedge, "modes": self._modes, "top": self._top}
        if verb in special:
            return special[verb]()
        return self._of_one(verb, args)

    def _of_the_root(self, verb: str, args: dict[str, Any]) -> Any:
        """The root's answer; before a gateway is ended, what lives there by each shard."""
        told = self.of_root().ask(verb, **args)
        if args.get("dry_run") is not True:
            return told
        from tools.shards_where import living_at

        return {"does": [*told["does"], *living_at(self, args["venue"])]}

    def _of_one(self, verb: str, args: dict[str, Any]) -> Any:
        """What is asked of an actor, a trace or an instrument: its shard's answer."""
        from tools import shards_where as where

        if "name" in args:
            name, args["name"] = where.of_actor(self, args["name"])
        elif "trace" in args:
            name, args["trace"] = where.of_trace(self, args["trace"])
        elif "symbol" in args:
            name = where.of_instrument(self, args["venue"], args["symbol"])
        else:
            raise UsageError(f"{verb}: of one shard alone: give --dir with one of {', '.join(map(str, self.dirs.values()))}")
        told = {**self.asked(name).ask(verb, **args), "shard": name}
        return told | {"trace": where.trace_name(name, told["trace"])} if verb == "trace_start" else told

    def rows(self, verb: str, key: str, **args: Any) -> Iterator[dict[str, Any]]:
        """Every row of every shard; `shard` names it."""
        self._find()
        if verb == "positions":
            from tools.shards_merge import merged_positions

            yield from merged_positions([list(self._rows(name, verb, key, args)) for name in list(self.there)])
            return
        if verb == "statement":
            from tools.shards_statement import statement_of

            yield from statement_of(self, **args)
            return
        if args.get("pair"):
            name = self._shard_of(args["pair"])
            yield from ({**row, "shard": name} for row in self.asked(name).rows(verb, key, **args))
            return
        for name in self.dirs:
            yield from self._rows(name, verb, key, args)

    def _rows(self, name: str, verb: str, key: str, args: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        if name in self.there:
            try:
                rows = list(self.there[name].rows(verb, key, **args))
            except NotConnected as error:
                self._lost(name, error)
            else:
                for row in rows:
                    named = {key: f"{name}{MARK}{row[key]}" for key in PATHS if row.get(key)} if verb in ACTOR_ROWS else {}
                    yield {**row, **named, "shard": name}
                return
        if verb in PAIR_ROWS:
            from actors.pair_show import show_down

            for pair, shard in self.places.items():
                if shard == name:
                    yield {**show_down(pair), "outcomes": None, "reason": f"SHARD_AWAY {name}", "shard": name}

    # ------------------------------------------------ one shard

    def _shard_of(self, pair: str) -> str:
        if pair not in self.places:
            for name in self.there:  # it may have been added while the shard runs
                with suppress(ToolError), Client(self.dirs[name]) as view:
                    view.ask("pair", pair=pair)
                    return name
            raise Absent(f"no pair {pair!r}; there are: {', '.join(list(self.places)[:20])}")
        return self.places[pair]

    def asked(self, name: str) -> Client:
        if name not in self.there:
            raise NotConnected(f"shard {name} is away: {self.away[name]}")
        return self.there[name]

    def _of_pair(self, pair: str, verb: str, args: dict[str, Any]) -> Any:
        name = self._shard_of(pair)
        told = self.asked(name).ask(verb, **args)
        return {**told, "shard": name} if isinstance(told, dict) else told

    def of_root(self) -> Client:
        if self.root is None:
            raise NotConnected(f"not connected: {self.directory}: its root does not run; its shards may: ./hedgerow status")
        return self.root

    # ------------------------------------------------ all shards

    def each(self, verb: str, args: Mapping[str, Any], names: list[str] | None = None) -> tuple[dict[str, Any], dict[str, ToolError]]:
        """All are asked before any answer is waited for: answers, and errors, by shard."""
        told: dict[str, Any] = {}
        wrong: dict[str, ToolError] = {}
        names = [name for name in (list(self.there) if names is None else names) if name in self.there]
        for name in sorted(names, key=lambda each: not self.there[each].ready(AT_ONCE_MS)):
            try:
                self.there[name].post(verb, **args)
            except ToolError as error:
                wrong[name] = error
        for name in names:
            if name in wrong:
                continue
            try:
                told[name] = self.there[name].answer()
            except ToolError as error:
                wrong[name] = error
        for name, error in wrong.items():
            if isinstance(error, NotConnected):
                self._lost(name, error)
        return told, wrong

    def _of_scope(self, verb: str, args: dict[str, Any]) -> dict[str, Any]:
        """An operator's word for a scope: each shard that knows it, and who is away."""
        scope = str(args.get("scope") or "all")
        names = [self._shard_of(scope.removeprefix(PAIR))] if scope.startswith(PAIR) else list(self.dirs)
        told, wrong = self.each(verb, args, names)
        real = [error for error in wrong.values() if not isinstance(error, NotConnected | Absent)]
        away = [name for name in names if name not in told and not isinstance(wrong.get(name), Absent | Refused | UsageError)]
        if not told and not away:
            raise next(iter(real or wrong.values()))
        if args.get("dry_run") is True:
            return {"does": [f"{name}: {line}" for name in told for line in told[name]["does"]] + [f"shard {name} is away: {self._if_away(verb, args)}" for name in away]}
        left = [name for name in away if self._left(name, verb, args)]
        if not told and not left:
            raise NotConnected(f"not connected: {', '.join(away)}: {self.away.get(away[0], '')}")
        return {
            "scope": scope,
            "seq": {name: told[name]["seq"] if name in told else None for name in (*told, *away)},
            "pairs": [{**row, "shard": name} for name in told for row in told[name]["pairs"]],
            "away": away,
            "left": left,
            "refused": {name: str(error) for name, error in wrong.items() if error in real},
        }

    @staticmethod
    def _if_away(verb: str, args: Mapping[str, Any]) -> str:
        from tools.left_words import may_wait

        return "the word is left for it, to be taken up before it trades" if may_wait(verb, args) else "it will not hear of this: ask again when it is up"

    def _left(self, name: str, verb: str, args: Mapping[str, Any]) -> bool:
        from system.clock import SystemClock
        from tools.left_words import leave, may_wait

        if not may_wait(verb, args) or not self.dirs[name].is_dir():
            return False
        leave(self.dirs[name], verb, {key: value for key, value in args.items() if value is not None}, SystemClock().wall_ns())
        return True

    def _status(self) -> dict[str, Any]:
        from tools.shards_merge import merged_status

        told, _ = self.each("status", {})
        root = None
        if self.root is not None:
            try:
                root = self.root.ask("root")
            except NotConnected:
                self.root.close()
                self.root = None
        if root is None and not told:
            raise NotConnected(f"not connected: {self.directory}: neither its root nor any of its shards answers")
        return merged_status(root, told, {name: self._recorded(name) for name in self.dirs if name not in told}, self.places)

    def _recorded(self, name: str) -> dict[str, Any]:
        """What the journal of a shard that is away says was last true; {} without one."""
        if name not in self._on_record:
            from domain.errors import JournalError
            from tools.status_record import status_on_record

            try:
                self._on_record[name] = status_on_record(self.dirs[name])
            except (JournalError, OSError):
                self._on_record[name] = {}
        return self._on_record[name]

    def _last_hedge(self) -> dict[str, Any]:
        """The one that opened last, of any shard."""
        told, wrong = self.each("hedge", {})
        if not told:
            raise next(iter(wrong.values()), NotConnected(f"not connected: {self.directory}: no shard answers"))
        name = max(told, key=lambda each: told[each]["times"]["opened"] or "")
        return {**told[name], "shard": name}

    def _lanes(self) -> dict[str, Any]:
        """The lane that is stuck, if any; everybody who is suspended."""
        told, _ = self.each("node", {})
        if not told:
            raise NotConnected(f"not connected: {self.directory}: no shard answers")
        name = next((name for name, each in told.items() if each["lane"] == "STUCK"), next(iter(told)))
        return {**told[name], "suspended": [f"{name}:{one}" for name, each in told.items() for one in each["suspended"]], "shard": name}

    def _top(self) -> dict[str, Any]:
        """Each shard's counters, by name."""
        return {"shards": self.each("top", {})[0]}

    def _modes(self) -> dict[str, Any]:
        """Each word once, with the shards in which it holds."""
        told, _ = self.each("modes", {})
        found: dict[tuple[Any, ...], list[str]] = {}
        for name, answer in told.items():
            for row in answer["rows"]:
                found.setdefault(tuple(row.items()), []).append(name)
        return {"rows": [{**dict(row), "shard": " ".join(names)} for row, names in found.items()]}
