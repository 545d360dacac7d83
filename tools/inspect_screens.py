"""Screens of the terminal inspector above its rows: a text, a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, Static

from domain.errors import HedgerowError
from tools import inspect_words as words
from tools.inspect_views import Source

EVERY_S = 1.0


class TextScreen(Screen[None]):
    """One row's text, looked at again each second; escape leads back."""

    CSS = """
    #title { height: 1; background: $panel; }
    VerticalScroll { height: 1fr; }
    #text { width: auto; min-width: 100%; }
    """
    BINDINGS: ClassVar[list[Any]] = [Binding("escape,q", "leave"), Binding("j", "scroll(1)"), Binding("k", "scroll(-1)")]

    def __init__(self, title: str, ask: Callable[[Source], list[str]], end: Callable[[Source], None] | None = None, *, follows: bool = False) -> None:
        super().__init__()
        self.headline, self._ask, self._end, self._follows = title, ask, end, follows
        self._asking = False
        self.lines: list[str] = []

    def compose(self) -> ComposeResult:
        yield Static(self.headline, id="title", markup=False)
        with VerticalScroll():
            yield Static(id="text", markup=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
        self.set_interval(EVERY_S, self.look)
        self.look()

    @work
    async def look(self) -> None:
        """Ask again, unless an answer is awaited."""
        if self._asking:
            return
        self._asking = True
        try:
            self.lines = await self.app.wait(self._ask)
        except HedgerowError as error:
            self.lines = [*self.lines[-1_000:], f"! {error}"] if not self.lines or not self.lines[-1].startswith("! ") else self.lines
        finally:
            self._asking = False
        if self.is_mounted:
            self.query_one("#text", Static).update("\n".join(self.lines))
            if self._follows:
                self.query_one(VerticalScroll).scroll_end(animate=False)

    def action_scroll(self, lines: int) -> None:
        """One line down or up."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_leave(self) -> None:
        """Back to the rows."""
        if self._end is not None:
            self.app.asks(self._end)
        self.dismiss()


class ReasonScreen(ModalScreen[str]):
    """What a word would do, and the reason for it; "" where it is not done."""

    CSS = """
    ReasonScreen { align: center middle; }
    #box { width: 80%; height: auto; border: solid $warning; background: $surface; padding: 1; }
    """
    BINDINGS: ClassVar[list[Any]] = [Binding("escape", "leave")]

    def __init__(self, does: list[str], lang: str) -> None:
        super().__init__()
        self._does, self._lang = does, lang

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="box"):
            yield Static("\n".join(self._does), id="does", markup=False)
            yield Input(placeholder=words.WHY[self._lang], id="reason")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self.dismiss(event.value.strip())
        else:
            self.query_one(Input).placeholder = words.EMPTY_REASON[self._lang]

    def action_leave(self) -> None:
        """Nothing is done."""
        self.dismiss("")
