"""The judge's eye on links and words: when an order may leave at all.

From frames and records alone. An opening order needs the venue's day, its
positions and its money told on this connection, a repair the day; no order
leaves to a gateway that is silent, or whose session is down; a cancel is not
repeated for ever, an order in doubt is asked for again and again; and what an
operator has barred does not leave.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulation.agenda import MS
from simulation.settings import NAMES

SILENT_NS = 600 * MS
NEW_SILENT_NS = 1700 * MS
LEARNT_BEATS = 7
"""A gateway's pace is learnt from its first heartbeats after a logon: until then it has more patience."""
ASK_NS = 6000 * MS
"""An order in doubt is asked for within so long while its venue can hear."""
MOST_CANCELS = 5
DAY, POSITIONS, MONEY = "AF", "AN", "BB"
LAST_WORD = {"AF": DAY, "AP": POSITIONS, "BA": MONEY}


class LinkSeen:
    """One venue's link as the frames show it."""

    __slots__ = ("answered", "beats", "clear_ns", "epoch", "heard_ns", "session_up", "tradable")

    def __init__(self) -> None:
        self.answered: set[str] = set()
        self.session_up = False
        self.epoch = self.beats = 0
        self.tradable = True
        self.heard_ns = -(10**15)
        self.clear_ns = 0
        """Since when its frames have come without a pause."""


class Words:
    """What operators have barred, by scope: read from their records.

    `names`: the venues at which every pair of the desk has a leg.
    """

    def __init__(self, names: tuple[str, ...] = NAMES) -> None:
        self.names = names
        self.kills: dict[str, str] = {}
        self.modes: dict[str, str] = {}
        self.owners: dict[str, str] = {}

    def take(self, fact: list[Any]) -> None:
        """One fact of an operator's record, or a pair's own mode."""
        name, scope = fact[0], fact[1]
        if name == "Killed":
            self.kills[scope] = fact[2]
        elif name == "Unkilled":
            self.kills.pop(scope, None)
        elif name == "ScopeModeSet":
            self.modes[scope] = fact[2]
            self.owners[scope] = fact[3]
        elif name == "PositionAccepted" and self.owners.get(scope) == "node/treasury":
            self.modes.pop(scope, None)

    def frozen(self, pair: str) -> bool:
        """Whether no order at all may leave for a pair."""
        return "freeze" in self.kills_of(pair) or "HALTED" in self._modes(pair)

    def why_not_hedge(self, pair: str, kind: str, trigger: str) -> str:
        """What forbids a new hedge of this kind, or ""."""
        kills, modes = self.kills_of(pair), self._modes(pair)
        if kind == "open" and (kills or set(modes) - {"ACTIVE"}):
            return f"{kills} {modes}"
        flattens = "flatten" in kills and trigger == "kill"
        by_hand = trigger == "by hand"  # a person may close where modes begin nothing
        if "freeze" in kills or "HALTED" in modes or (("PAUSED" in modes or "flatten" in kills) and not flattens and not by_hand):
            return f"{kills} {modes}"
        return ""

    def goes_back(self, pair: str) -> bool:
        """Whether an open may not be completed."""
        reducing = any(mode == "REDUCING" and scope.startswith("symbol") and self._holds(scope, pair) for scope, mode in self.modes.items())
        return bool({"block", "flatten"} & set(self.kills_of(pair))) or reducing

    def kills_of(self, pair: str) -> list[str]:
        """The levels of the kills that hold for a pair."""
        return [level for scope, level in self.kills.items() if self._holds(scope, pair)]

    def _modes(self, pair: str) -> list[str]:
        return [mode for scope, mode in self.modes.items() if self._holds(scope, pair)]

    def _holds(self, scope: str, pair: str) -> bool:
        """Every pair of this desk has a leg at every venue of `names`."""
        words = scope.split()
        if words[0] in ("market", "symbol"):
            return words[1] in self.names
        return scope == f"pair {pair}" if words[0] == "pair" else True


class Gates:
    """`broken(invariant, what)`: the judge's. Units: virtual monotonic ns."""

    def __init__(self, broken: Callable[[str, str], None], names: tuple[str, ...] = NAMES) -> None:
        self.links = {name: LinkSeen() for name in NAMES}
        self.words = Words(names)
        self.broken = broken
        self.cancels: dict[str, int] = {}
        self.doubted: dict[str, tuple[str, int]] = {}
        """Orders in doubt: their venue, and when that was last said or asked."""

    # ------------------------------------------------ frames

    def told(self, venue: str, m: list[Any], now_ns: int) -> None:
        """The node read a frame."""
        link = self.links[venue]
        if now_ns - link.heard_ns > SILENT_NS // 2:
            link.clear_ns = now_ns
        link.heard_ns = now_ns
        kind = m[0]
        if kind == "A":
            link.session_up, link.clear_ns, link.beats = True, now_ns, 0
            if m[3] != link.epoch:
                link.epoch, link.answered = m[3], set()
        elif kind == "d":
            link.tradable = bool(m[1]["tradable"])
        elif kind == "0":
            link.beats += 1
            if not m[2]:
                link.session_up, link.answered = False, set()
        elif kind in LAST_WORD and (kind == "AF" or m[-1]):
            link.answered.add(LAST_WORD[kind])

    def cut(self, venue: str) -> None:
        """Another connection: what the one before told counts no more."""
        self.links[venue].answered = set()

    def sent(self, venue: str, m: list[Any], now_ns: int) -> None:
        """A frame left that is no order."""
        kind = m[0]
        if kind == "F":
            ref = m[2]
            self.cancels[ref] = self.cancels.get(ref, 0) + 1
            if self.cancels[ref] > MOST_CANCELS:
                self.broken("I12", f"{ref}: cancel {self.cancels[ref]} left")
        elif kind == "H" and m[2] in self.doubted:
            self.doubted[m[2]] = (venue, now_ns)

    def order(self, venue: str, ref: str, pair: str, kind: str, now_ns: int, *, opens: bool) -> None:
        """An order left: `kind` is its hedge's, `opens` that it begins one."""
        link, letter = self.links[venue], ref.rpartition(".")[2].lstrip("0123456789")[:1]
        needs = {DAY, POSITIONS, MONEY} if opens else {DAY}
        if not needs <= link.answered:
            self.broken("GATE", f"{ref} left to {venue} before it told {sorted(needs - link.answered)}")
        if not link.session_up:
            self.broken("GATE", f"{ref} left to {venue}, whose session is down")
        if now_ns - link.heard_ns > (SILENT_NS if link.beats >= LEARNT_BEATS else NEW_SILENT_NS):
            self.broken("GATE", f"{ref} left to {venue}, silent for {(now_ns - link.heard_ns) // MS} ms")
        if not link.tradable:
            self.broken("GATE", f"{ref} left to {venue}, where its symbol may not be traded")
        if self.words.frozen(pair):
            self.broken("I7", f"{ref} left though its pair is frozen")
        if letter == "p" and kind == "open" and self.words.goes_back(pair):
            self.broken("I7", f"{ref} completes an open under a kill")

    # ------------------------------------------------ doubt

    def doubt(self, ref: str, venue: str, now_ns: int) -> None:
        """The node has recorded that it does not know."""
        self.doubted.setdefault(ref, (venue, now_ns))

    def settled(self, ref: str) -> None:
        """It is known again."""
        self.doubted.pop(ref, None)

    def restarted(self, now_ns: int) -> None:
        """A new node: its patience begins anew."""
        for link in self.links.values():
            link.answered, link.session_up = set(), False
        self.doubted = {ref: (venue, now_ns) for ref, (venue, _) in self.doubted.items()}

    def stalled(self, for_ns: int) -> None:
        """The node could do nothing for so long."""
        self.doubted = {ref: (venue, asked_ns + for_ns) for ref, (venue, asked_ns) in self.doubted.items()}
        for link in self.links.values():
            link.heard_ns += for_ns

    def step(self, now_ns: int) -> None:
        """Nobody is in doubt without being asked for."""
        for ref, (venue, asked_ns) in list(self.doubted.items()):
            link = self.links[venue]
            since = max(asked_ns, link.clear_ns)
            if now_ns - link.heard_ns < SILENT_NS // 2 and link.session_up and now_ns - since > ASK_NS:
                self.doubted[ref] = (venue, now_ns)
                self.broken("I15", f"{ref} is in doubt, and was not asked for in {ASK_NS // MS} ms")
