"""Shows how far a migration is: bars on a terminal, plain lines elsewhere."""

import time
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from sterna_cli.client.answers import Migration
from sterna_cli.client.measures import TableMeasure
from sterna_cli.console.pace import Pace
from sterna_cli.console.quantities import count, duration

_SHOWN_TABLES = 8
_LINE_SECONDS = 2.0
_BAR_WIDTH = 28
_COPYING = "data_transfer"
_SETTLED = frozenset({"running", "validating", "planning"})
_FRAMES_PER_SECOND = 8


class ProgressView(Protocol):
    """Something that shows how far a migration is."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    def show(self, migration: Migration, tables: tuple[TableMeasure, ...]) -> None:
        """Show how things stand now."""

    def remark(self, text: str) -> None:
        """Print a line without disturbing what is shown."""


def progress_view(console: Console) -> ProgressView:
    """Give the view that suits a console."""
    return BarView(console) if console.is_terminal else LineView(console)


class LineView:
    """Writes a line when the phase changes, and otherwise every two seconds of movement."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._pace = Pace()
        self._last = ("", "")
        self._written = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def show(self, migration: Migration, tables: tuple[TableMeasure, ...]) -> None:
        """Write a line if there is something to say."""
        del tables  # a line is for the whole
        now = time.monotonic()
        self._pace.note(now, migration.metrics.records_processed)
        heading = (migration.status, _phase(migration))
        if heading == self._last and now - self._written < _LINE_SECONDS:
            return
        self._last, self._written = heading, now
        self.remark(standing(migration, self._pace))

    def remark(self, text: str) -> None:
        """Write a line."""
        self._console.print(Text("  " + text))


class BarView:
    """Draws one bar for the whole and one for each table that is being copied."""

    def __init__(self, console: Console) -> None:
        self._pace = Pace()
        self._headline = Text()
        self._bars = Progress(
            TextColumn("  {task.description}"),
            BarColumn(bar_width=_BAR_WIDTH),
            TaskProgressColumn(),
            TextColumn("{task.fields[figures]}", style="dim"),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            console=console,
        )
        self._whole = self._bars.add_task("all", total=100, figures="")
        self._tables: dict[str, TaskID] = {}
        self._live = Live(
            Group(self._headline, self._bars),
            console=console,
            refresh_per_second=_FRAMES_PER_SECOND,
        )

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def show(self, migration: Migration, tables: tuple[TableMeasure, ...]) -> None:
        """Draw how things stand now."""
        metrics = migration.metrics
        self._pace.note(time.monotonic(), metrics.records_processed)
        self._headline.plain = "  " + standing(migration, self._pace)
        self._bars.update(
            self._whole,
            completed=migration.progress.overall_percent,
            figures=f"{count(metrics.records_processed)} rows",
        )
        moving = [each for each in tables if 0 < each.records_processed < each.records_total]
        shown = {each.table: each for each in moving[:_SHOWN_TABLES]}
        for name in list(self._tables):
            if name not in shown:
                self._bars.remove_task(self._tables.pop(name))
        for name, table in shown.items():
            if name not in self._tables:
                self._tables[name] = self._bars.add_task(name, figures="")
            self._bars.update(
                self._tables[name],
                total=table.records_total,
                completed=table.records_processed,
                figures=f"{count(table.records_processed)} of {count(table.records_total)}",
            )

    def remark(self, text: str) -> None:
        """Print a line above the bars."""
        self._live.console.print(Text("  " + text))


def standing(migration: Migration, pace: Pace) -> str:
    """Say in one line how far a migration is."""
    metrics = migration.metrics
    parts = [f"{_phase(migration)} {migration.progress.overall_percent:.0f} %"]
    if metrics.records_total:
        parts.append(f"{count(metrics.records_processed)} of {count(metrics.records_total)} rows")
    if _phase_name(migration) == _COPYING and metrics.records_processed:
        left = metrics.records_total - metrics.records_processed
        rate = pace.rows_per_second
        if left <= 0:
            parts.append("building indexes")
        elif rate >= 1:
            parts.extend((f"{count(rate)} rows/s", f"{duration(left / rate)} left"))
    return ", ".join(parts)


def _phase(migration: Migration) -> str:
    if migration.is_over:
        return migration.status.replace("_", " ")
    words = (_phase_name(migration) or migration.status).replace("_", " ")
    return words if migration.status in _SETTLED else f"{words} ({migration.status})"


def _phase_name(migration: Migration) -> str | None:
    return migration.phase or migration.progress.current_phase
