"""The cards of the report: a title, what it shows, and a chart or a table."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Card:
    """A card; text and body are HTML."""

    title: str
    text: str
    body: str
    wide: bool = False

    def html(self) -> str:
        class_ = "card wide" if self.wide else "card"
        text = f"<p>{self.text}</p>\n" if self.text else ""
        return f'<article class="{class_}">\n<h2>{escape(self.title)}</h2>\n{text}{self.body}\n</article>\n'


def table(heads: list[str], rows: list[list[str]], numbers: set[int] = frozenset(), failed: list[bool] | None = None
          ) -> str:
    """A table of text; `numbers` are the columns that stand right, `failed` says which rows stand out."""
    def cells(tag: str, row: list[str]) -> str:
        kinds = ["n" if at in numbers else "t" for at in range(len(row))]
        return "".join(f'<{tag} class="{kind}">{escape(cell)}</{tag}>' for kind, cell in zip(kinds, row, strict=True))

    head = f"<thead><tr>{cells('th', heads)}</tr></thead>" if heads else ""
    body = "".join(
        f'<tr{" class=failed" if bad else ""}>{cells("td", row)}</tr>'
        for row, bad in zip(rows, failed or [False] * len(rows), strict=True)
    )
    return f"<table>{head}<tbody>{body}</tbody></table>"
