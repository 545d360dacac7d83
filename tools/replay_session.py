"""One replay from recording to result, by either way of running it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from gateways.replay.pacing import Start
from journal.verify import verify
from system.clock import SystemClock
from tools.errors import ToolError
from tools.money_books import compared
from tools.replay_books import compare, journal_fills, venue_book
from tools.replay_compare import differences, in_order
from tools.replay_config import VenuePlay, config_of, overlay_text, plays_of
from tools.replay_hedges import counts_of, folded, got_of, hedge_rows, pair_in, positions_apart, sums_of, told_of
from tools.replay_map import Recording
from tools.replay_money import accounts_of
from tools.replay_run import ReplayRun
from tools.replay_speed import shown
from tools.replay_spread import Survey
from tools.replay_virtual import NODE_DIR, digest, play_virtual
from tools.walk import Walk, played_of

NS_PER_S = 1_000_000_000
FIGURES = 3
MAX_KEPT_ROWS = 2_000_000
"""A recording of more rows is read again for each use of it."""


class Session:
    """What both ways share: the recording read once, and the reading of results.

    Raises: ConfigError where the recording or the configuration is bad.
    """

    def __init__(
        self,
        recording: Recording,
        files: Sequence[Path],
        folder: Path,
        seconds: float | None,
        tell: Callable[[str], None],
    ) -> None:
        self.recording, self.files, self.folder, self._tell = recording, tuple(files), folder, tell
        self.config = config_of(self.files)
        self.plays = plays_of(self.config, recording, folder, folder)
        walk = Walk(self.config, played_of(self.plays))
        self.made = walk.made
        self.surveys = [Survey(walk, look) for look in walk.looks]
        walk.keep(MAX_KEPT_ROWS)
        walk.run(seconds)
        walk.check()
        for survey in self.surveys:
            survey.end()
        self._walk = walk
        self.span = (walk.first_ns, walk.last_ns)
        self.end_ns = None if seconds is None else self.span[0] + int(seconds * NS_PER_S)

    @property
    def seconds(self) -> float:
        """How much of the recording all legs share."""
        return (self.span[1] - self.span[0]) / NS_PER_S

    def processes(self, speed: float, *, compare: bool) -> dict[str, Any]:
        """A gateway process for each venue, and the node's."""
        with ReplayRun(self.folder, self.files, self.recording, self.plays, SystemClock()) as run:
            code = run.play(*self.span, self.end_ns, speed, self._tell)
        journal = run.node_dir / "journal"
        found = self._result("processes", speed, code, journal, self.plays)
        found["config"] = [*found["config"], str(run.overlay)]
        if compare:
            found["differences"] = self._differences(journal, run.start, speed)
        return found

    def virtual(self, speed: float) -> dict[str, Any]:
        """The same code in virtual time."""
        outcome = self._virtual(self.folder, self.plays, speed)
        found = self._result("virtual", speed, 1 if outcome.left else 0, outcome.journal, self.plays)
        found["run_s"] = round(outcome.seconds, FIGURES)
        found["virtual_over_real"] = round(outcome.speed, 1)
        found["journal_sha256"] = digest(outcome.journal)
        found["interrupted"] = outcome.interrupted
        return found

    def _virtual(self, folder: Path, plays: tuple[VenuePlay, ...], speed: float) -> Any:
        overlay = folder / "virtual.toml"
        text = overlay_text(self.config, plays, Path(NODE_DIR), 1.0, self.recording.calendar_files())
        overlay.write_text(text, encoding="utf-8")
        config = config_of([*self.files, overlay])
        return play_virtual(config, self._kept(plays), folder, self.span, self.end_ns, speed, SystemClock(), self._tell)

    def _kept(self, plays: tuple[VenuePlay, ...]) -> tuple[VenuePlay, ...]:
        """The venues with the rows that the walk has read, where it kept them."""
        return tuple(
            replace(
                play,
                played=tuple(
                    replace(each, kept=self._walk.kept.get((play.venue, each.definition.symbol))) for each in play.played
                ),
            )
            for play in plays
        )

    def _differences(self, journal: Path, start: Start | None, speed: float) -> list[dict[str, Any]]:
        """What a virtual run of the same did otherwise, and why."""
        folder = self.folder / "virtual"
        folder.mkdir(mode=0o700)
        self._tell("replay: the same in virtual time, to compare")
        plays = plays_of(self.config, self.recording, folder, folder)
        outcome = self._virtual(folder, plays, inf)
        theirs = folded(self.config, journal)
        ours = folded(self.config, outcome.journal)
        rows = []
        for pair, survey in zip(self.config.pair, self.surveys, strict=True):
            virtual = told_of(self.config, pair, ours, outcome.journal, outcome.start)
            real = told_of(self.config, pair, theirs, journal, start or Start(0, 0, 1.0))
            rows += differences(virtual, real, survey, speed)
        return in_order(rows, self.span[0])

    def _result(
        self, mode: str, speed: float, code: int, journal: Path, plays: tuple[VenuePlay, ...]
    ) -> dict[str, Any]:
        """What the journal and the venues' own books say, side by side."""
        if not journal.is_dir():
            raise ToolError(f"the node left no journal in {journal}: see node.log beside it")
        books = compare(journal_fills(journal), [venue_book(play.venue, play.truth_path) for play in plays])
        report = verify(journal)
        found = folded(self.config, journal)
        money, apart = compared(found.ledgers, accounts_of(plays))
        pairs = [pair_in(found, told) for told in self.config.pair]
        counts = [counts_of(pair) for pair in pairs]
        problems = [*books.problems, *positions_apart(found, self.config, books.positions)]
        values = [survey.told() for survey in self.surveys]
        return {
            "recording": self.recording.name,
            "data": str(self.recording.data),
            "pair": " ".join(pair.name for pair in pairs),
            "mode": mode,
            "observe": self.config.node.mode == "observe",
            "made": self.made,
            "dir": str(self.folder),
            "config": [str(file) for file in self.files],
            "speed": shown(speed),
            "seconds": round(self.seconds, FIGURES),
            "spread": values[0] if len(values) == 1 else {},
            "clock_offset_ms": self.surveys[0].clock_offsets(),
            "node_exit": code,
            **sums_of(counts),
            "fills": books.fills,
            "orders": books.orders,
            "rejected": books.rejected,
            "working": books.working,
            "positions": books.positions,
            "books_equal": not problems,
            "money_equal": not apart,
            "money": money,
            "journal_verified": report.ok,
            "journal_records": report.records,
            "problems": [*problems, *apart, *[problem.what for problem in report.problems]],
            "pairs": [
                {"pair": pair.name, **told, "spread": value, "events": got_of(pair, look, survey)}
                for pair, told, value, look, survey in zip(pairs, counts, values, self._walk.looks, self.surveys, strict=True)
            ],
            "hedge_list": [row for pair in pairs for row in hedge_rows(pair)],
        }

