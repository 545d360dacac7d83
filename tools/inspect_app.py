"""The terminal inspector: a table of rows, looked at again each second.

Textual draws; `tools/inspect_views.py` says what, `tools/inspect_screens.py`
has the screens of one row's text. One thread asks the node, at
most once a second; the screen never waits for it.

Source: k9s for the keys; Textual's App, Screen and DataTable.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

from rich.text import Text
from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.coordinate import Coordinate
from textual.widgets import DataTable, Input, Static

from domain.errors import HedgerowError
from tools import inspect_words as words
from tools.inspect_screens import EVERY_S, ReasonScreen, TextScreen
from tools.inspect_views import (
    HEDGES,
    MAX_SHOWN,
    NAMED,
    PAIRS,
    PS,
    VIEWS,
    Row,
    Source,
    Tracing,
    View,
    describe,
    filtered,
    mailbox,
    state,
)
from tools.output import Output
from tools.ps import picked

STYLES = {
    "STUCK": "bold white on red", "suspended": "black on yellow", "restarting": "magenta", "down": "magenta", "given_up": "bold red",
    "STRANDED": "bold red", "FROZEN": "bold red", "DOWN": "bold red", "OPEN": "green", "CONNECTING": "magenta", "SYNCING": "yellow",
    "RECONCILED": "yellow",
}  # fmt: skip
STATES = ("phase", "state", "stage", "hedge")
SUSPEND_MS = 30_000
Done = Callable[[Any], None]


class Asks:
    """One thread that asks the node, one question after the other."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._pool = ThreadPoolExecutor(1, "asks")

    def __call__(self, ask: Callable[[Source], Any]) -> Any:
        """A future of what it gives; what failed connects anew next time."""
        return self._pool.submit(self._tried, ask)

    def _tried(self, ask: Callable[[Source], Any]) -> Any:
        try:
            return ask(self.source)
        except HedgerowError:
            self.source.close()
            raise

    def close(self) -> None:
        """Give the sockets back, in their own thread."""
        self._pool.submit(self.source.close)
        self._pool.shutdown()


class InspectApp(App[None]):
    """The rows of a view, looked at again each second."""

    CSS = """
    #head { height: 1; background: $panel; }
    #foot { height: 1; background: $panel; }
    #command { display: none; height: 1; border: none; padding: 0; }
    DataTable { height: 1fr; }
    """
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[Any]] = [
        Binding("colon", "command(':')", priority=True), Binding("slash", "command('/')", priority=True), Binding("question_mark", "help"), Binding("d", "text('describe')"),
        Binding("s", "text('state')"), Binding("m", "text('mailbox')"), Binding("t", "text('trace')"), Binding("o", "sort"),
        Binding("l", "language"), Binding("z", "word('actor_suspend')"), Binding("u", "word('actor_resume')"), Binding("x", "word('actor_restart')"),
        Binding("escape", "back"), Binding("q", "quit"),
    ]  # fmt: skip

    def __init__(self, source: Source, lang: str, *, write: bool, operator: str, first: View = PS) -> None:
        super().__init__()
        self.asks = Asks(source)
        self.lang, self.write, self.operator = lang, write, operator
        self.view = first
        self.filter_text = ""
        self.sort_by = ""
        self.rows: list[Row] = []
        self.node: Row = {}
        self.problem = ""
        self.said = ""
        self.looks = 0
        self._shown: tuple[Any, ...] = ()
        self._cells: list[list[Text]] = []
        self._keys: dict[str, Row] = {}
        self._asking = False
        self._before: list[tuple[View, str]] = []

    def compose(self) -> ComposeResult:
        yield Static(id="head", markup=False)
        yield DataTable(cursor_type="row", zebra_stripes=False)
        yield Input(id="command", compact=True, select_on_focus=False)
        yield Static(id="foot", markup=False)

    def on_mount(self) -> None:
        self.query_one(DataTable).focus()
        self.set_interval(EVERY_S, self.look)
        self.look()

    def on_unmount(self) -> None:
        self.asks.close()

    # ------------------------------------------------ looking

    def word_of(self, text: str) -> str:
        """The text in the language of the screen."""
        return Output(lang=self.lang).word(text)

    @work
    async def look(self) -> None:
        """Ask once for the present view; nothing while an answer is awaited."""
        if self._asking:
            return
        self._asking, view = True, self.view
        try:
            node, rows = await self.wait(lambda source: (source.node(), source.rows(view)))
        except HedgerowError as error:
            self.problem = str(error)
        else:
            self.problem = ""
            self.node = node
            if view is self.view:
                self.rows = rows
        finally:
            self._asking = False
        self.looks += 1
        self.draw()
        if view is not self.view:
            self.look()

    async def wait(self, ask: Callable[[Source], Any]) -> Any:
        """What the asking thread brings. Raises: HedgerowError."""
        from asyncio import wrap_future

        return await wrap_future(self.asks(ask))

    def shown_rows(self) -> list[Row]:
        """The rows that the filter leaves, sorted."""
        rows = filtered(self.rows, self.view, self.filter_text)
        return picked(rows, self.sort_by, "") if self.sort_by and self.view is PS else rows

    def draw(self) -> None:
        """The table, its cursor on the row that it was on; head and foot."""
        every = self.shown_rows()
        rows = every[:MAX_SHOWN]
        keys = [str(row[self.view.key]) for row in rows]
        cells = [[self._cell(name, row.get(name)) for name in self.view.columns] for row in rows]
        shape = (self.view.name, self.lang, keys)
        if self._shown == shape:
            self._renew(cells)
        else:
            self._rebuild(shape, cells)
        self._shown, self._cells = shape, cells
        self._keys = dict(zip(keys, rows, strict=True))
        self._frame(len(rows), len(every))

    def _renew(self, cells: list[list[Text]]) -> None:
        """The same rows: the cells alone that have changed."""
        table = self.query_one(DataTable)
        for line, (now, was) in enumerate(zip(cells, self._cells, strict=True)):
            for column, (cell, old) in enumerate(zip(now, was, strict=True)):
                if cell != old or cell.style != old.style:
                    table.update_cell_at(Coordinate(line, column), cell, update_width=True)

    def _rebuild(self, shape: tuple[str, str, list[str]], cells: list[list[Text]]) -> None:
        table, chosen = self.query_one(DataTable), self.chosen()
        if not self._shown or self._shown[:2] != shape[:2]:
            table.clear(columns=True)
            table.add_columns(*(self.word_of(name) for name in self.view.columns))
        else:
            table.clear()
        keys = shape[2]
        for key, row in zip(keys, cells, strict=True):
            table.add_row(*row, key=key)
        name = None if chosen is None else str(chosen.get(self.view.key))
        if name in keys:
            table.move_cursor(row=keys.index(name), animate=False)

    def _cell(self, name: str, value: Any) -> Text:
        if value is None:
            return Text("-", style="dim", justify="right")
        if isinstance(value, float):
            return Text(f"{value:,.1f}", justify="right")
        if isinstance(value, int):
            return Text(str(value), justify="right", style="bold red" if name == "naked" and value else "")
        text = str(value)
        said = self.word_of(text) if name in STATES else text
        return Text(said, style=STYLES.get(text.split(" ", maxsplit=1)[0], "") if name in STATES else "", no_wrap=True)

    def _frame(self, count: int, of: int) -> None:
        node = self.node
        lane = self.word_of(node["lane"]) + (f" {node['lane_in_hand']} {node['lane_in_hand_ms']:,.0f} ms" if node["lane"] == "STUCK" else "") if node else ""
        parts = [
            f"{node['node']} pid {node['pid']}  {self.word_of('lane')} {lane}  {self.word_of('lag')} {node['journal_lag']}" if node else "",
            f"{self.word_of('suspended')} {', '.join(node['suspended'])}" if node.get("suspended") else "",
            f":{self.view.name}{' /' + self.filter_text if self.filter_text else ''}{' ^' + self.sort_by if self.sort_by and self.view is PS else ''} {count}{f' / {of}' if of > count else ''}",
            (words.WRITE if self.write else words.READ_ONLY)[self.lang],
            f"{words.LOST[self.lang]}: {self.problem}" if self.problem else "",
        ]
        head = self.query_one("#head", Static)
        head.update(Text("  ".join(filter(None, parts)), style="bold red" if self.problem or node.get("lane") == "STUCK" else ""))
        foot = words.FEET[self.lang] + (words.WRITES[self.lang] if self.write else "")
        self.query_one("#foot", Static).update(self.said or foot)

    def chosen(self) -> Row | None:
        """The row under the cursor."""
        table = self.query_one(DataTable)
        if not table.row_count or table.cursor_row < 0:
            return None
        key = table.coordinate_to_cell_key((table.cursor_row, 0)).row_key.value
        return self._keys.get(key)

    def say(self, text: str) -> None:
        """In the foot, until the next key."""
        self.said = text
        self.query_one("#foot", Static).update(text)

    # ------------------------------------------------ keys

    def on_key(self) -> None:
        self.said = ""

    def go(self, view: View, filter_text: str = "") -> None:
        """Another view; escape leads back."""
        self._before.append((self.view, self.filter_text))
        self._set(view, filter_text)

    def _set(self, view: View, filter_text: str) -> None:
        self.view, self.filter_text, self.rows = view, filter_text, []
        self.draw()
        self.query_one(DataTable).move_cursor(row=0)
        self.look()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:  # noqa: ARG002  Textual's signature
        """A `:` or `/` within a line, or on another screen, is a letter."""
        return action != "command" or (len(self.screen_stack) == 1 and not self.query_one("#command", Input).display)

    def action_command(self, mark: str) -> None:
        """A line for a view or a filter."""
        line = self.query_one("#command", Input)
        line.value = mark
        line.display = True
        line.cursor_position = 1
        self.screen.set_focus(line)  # at once: the next key may be there already
        self.screen.refresh(layout=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.close_line()
        text = event.value.strip()
        if text.startswith("/"):
            self.filter_text = text[1:].strip()
            self.draw()
            return
        name = text.removeprefix(":").strip()
        if name in ("q", "quit"):
            self.exit()
        elif name in NAMED:
            self.go(NAMED[name])
        elif name:
            self.say(words.NO_VIEW[self.lang].format(name, ", ".join(VIEWS)))

    def close_line(self) -> None:
        """The line goes, the table has the keys again."""
        self.query_one("#command", Input).display = False
        self.screen.set_focus(self.query_one(DataTable))

    def action_back(self) -> None:
        """Out of the line, the filter, the view."""
        if self.query_one("#command", Input).display:
            self.close_line()
        elif self.filter_text and not (self._before and self._before[-1][0] is not self.view):
            self.filter_text = ""
            self.draw()
        elif self._before:
            self._set(*self._before.pop())

    def on_data_table_row_selected(self, _event: DataTable.RowSelected) -> None:
        row = self.chosen()
        if row is not None and self.view is PAIRS:
            self.go(HEDGES, str(row["pair"]))
        else:
            self.action_text("describe")

    def action_text(self, kind: str) -> None:
        """A screen of the row's text."""
        row = self.chosen()
        if row is None:
            return
        name, view = self.view.actor(row), self.view
        if kind == "describe":
            self.push_screen(TextScreen(str(row[view.key]), lambda source: describe(source, view, row, self.lang)))
        elif kind == "trace":
            tracing = Tracing(name)
            self.push_screen(TextScreen(f"trace {name}", tracing.read, tracing.stop, follows=True))
        else:
            look = state if kind == "state" else mailbox
            self.push_screen(TextScreen(f"{kind} {name}", lambda source: look(source, name, self.lang)))

    def action_help(self) -> None:
        """Every key."""
        lang = self.lang
        self.push_screen(TextScreen("?", lambda _source: words.HELP[lang].splitlines()))

    def action_sort(self) -> None:
        """By the next column of ps, then in the order of the tree again."""
        names = ["", *PS.columns]
        self.sort_by = names[(names.index(self.sort_by) + 1) % len(names)]
        self.draw()

    def action_language(self) -> None:
        """English and Chinese."""
        self.lang = "en" if self.lang == "zh" else "zh"
        self.draw()

    # ------------------------------------------------ words

    @work
    async def action_word(self, verb: str) -> None:
        """Say what it would do, ask why, do it."""
        row = self.chosen()
        if row is None:
            return
        if not self.write:
            self.say(words.ONLY_LOOKS[self.lang])
            return
        asked = {"name": self.view.actor(row), "operator": self.operator, **({"for_ms": SUSPEND_MS} if verb == "actor_suspend" else {})}
        try:
            does = (await self.wait(lambda source: source.client("operate").ask(verb, dry_run=True, reason="asked", **asked)))["does"]
            reason = await self.push_screen_wait(ReasonScreen(does, self.lang))
            if reason:
                told = await self.wait(lambda source: source.client("operate").ask(verb, reason=reason, **asked))
                self.say(words.DONE[self.lang].format(told["seq"]))
        except HedgerowError as error:
            self.say(str(error))
