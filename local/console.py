"""What a person watching the run sees: stages, progress, tables."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, TextIO

INDENT = " " * 14
PROGRESS_EVERY_S = 2.0


class Console:
    """Prints stages as they end. On a terminal, progress overwrites one line; elsewhere it is
    a line now and then. Remembers when each stage ran."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._live = out.isatty()
        self._bold, self._dim, self._plain = ("\x1b[1m", "\x1b[2m", "\x1b[0m") if self._live else ("", "", "")
        self._erase = "\r\x1b[K" if self._live else ""
        self._progress_at = 0.0
        self.stages: dict[str, tuple[float, float]] = {}
        """Begin and end of each stage, Unix time, in order."""

    def title(self, text: str) -> None:
        """Prints the first line of all."""
        self._write(f"\n{self._bold}{text}{self._plain}\n\n")

    @contextmanager
    def stage(self, name: str, what: str, begun: float | None = None) -> Iterator[None]:
        """Times a stage; its heading says what it is, its time follows when it is over."""
        begun = self._progress_at = begun or time.time()
        heading = f"{self._bold}{len(self.stages) + 1:>2}  {name:<8}{self._plain}  {what}"
        self._write(f"{heading}\n")
        yield
        self.stages[name] = (begun, time.time())
        self._line(f"{self._dim}{time.time() - begun:.2f} s{self._plain}")

    def detail(self, text: str) -> None:
        """Prints a line below the heading of the stage."""
        self._line(text)

    def progress(self, text: str) -> None:
        """Shows how far the stage is."""
        if self._live:
            self._write(f"{self._erase}{INDENT}{text}")
        elif time.time() - self._progress_at >= PROGRESS_EVERY_S:
            self._progress_at = time.time()
            self._line(text)

    def table(self, title: str, columns: list[str], rows: Iterable[Iterable[Any]]) -> None:
        """Prints a table; numbers stand right."""
        values = [list(row) for row in rows]
        cells = [[format_value(value) for value in row] for row in values]
        right = [bool(values) and all(isinstance(row[at], int | float | Decimal | None) for row in values)
                 for at in range(len(columns))]
        widths = [max(map(len, [column, *(row[at] for row in cells)])) for at, column in enumerate(columns)]
        self._write(f"\n{self._bold}{title}{self._plain}\n")
        head = [columns, ["─" * width for width in widths]] if any(columns) else []
        for line in [*head, *cells]:
            padded = [cell.rjust(width) if is_right else cell.ljust(width)
                      for cell, width, is_right in zip(line, widths, right, strict=True)]
            self._write(f"    {'  '.join(padded).rstrip()}\n")

    def text(self, text: str) -> None:
        """Prints a paragraph."""
        self._write(f"\n{text}\n")

    def _line(self, text: str) -> None:
        self._write(f"{self._erase}{INDENT}{text}\n")

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


def format_value(value: Any) -> str:
    """A value as people read it: thousands apart, times to the minute, nothing for null."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() | Decimal():
            return f"{value:,}"
        case float():
            return f"{value:,.3f}".rstrip("0").rstrip(".")
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
    return str(value)
