from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

_LOG_WIDTH = 120

Format = Literal["table", "json"]


class Terminal:
    """Where answers and remarks are printed.

    With `json`, standard output carries one JSON document and nothing else; everything for
    people goes to standard error.
    """

    def __init__(self, output: Format = "table") -> None:
        self.is_json = output == "json"
        self.answers = Console(highlight=False, soft_wrap=True)
        self.remarks = Console(highlight=False, soft_wrap=True, stderr=self.is_json)
        if not self.remarks.is_terminal:
            self.remarks.width = _LOG_WIDTH

    def say(self, text: str = "", style: str = "") -> None:
        """Print a line for a person, as it stands (nothing in it is markup)."""
        self.remarks.print(Text(text, style=style))

    def heading(self, text: str) -> None:
        """Print a line that begins a part."""
        self.remarks.print()
        self.remarks.print(Text(text, style="bold"))

    def document(self, value: Any) -> None:
        """Print a value as JSON."""
        self.answers.file.write(msgspec.json.format(msgspec.json.encode(value)).decode() + "\n")

    def line(self, value: Any) -> None:
        """Print a value as JSON on one line."""
        self.answers.file.write(msgspec.json.encode(value).decode() + "\n")
        self.answers.file.flush()

    def rows(
        self,
        heads: Sequence[str],
        rows: Iterable[Sequence[str]],
        *,
        right: frozenset[int] = frozenset(),
    ) -> None:
        """Print a table for a person; the columns numbered in `right` are flush right.

        What comes first names the row, and is never broken.
        """
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        for number, head in enumerate(heads):
            table.add_column(
                head,
                justify="right" if number in right else "left",
                overflow="fold",
                no_wrap=number == 0,
            )
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self.remarks.print(table, soft_wrap=False)
