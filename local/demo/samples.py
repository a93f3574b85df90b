"""What the demo shows of the rows themselves: the sample queries of the dataset, or a look at its tables."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol

from local.dataset import Dataset
from local.demo.cards import Card, table
from local.demo.site import Site
from local.demo.sql_api import SqlFailed, Table
from local.stack import ROOT

SAMPLES = ROOT / "sql" / "samples"
ROWS_SHOWN = 12
COLUMNS_SHOWN = 8
VALUE_CHARS = 40

Answer = tuple[str, list[str], list[list[Any]]]
"""A title, the names of columns, and rows."""


class Samples(Protocol):
    """Answers of queries."""

    def tables(self) -> list[Answer]:
        """What is printed."""

    def answers(self) -> dict[str, Table]:
        """Every answer by its name, for the summary."""


@dataclass(frozen=True)
class Look:
    """A look at any dataset."""

    found: dict[str, Table]

    def tables(self) -> list[Answer]:
        return [
            (title, answer.columns, [[_short(value) for value in row] for row in answer.rows[:ROWS_SHOWN]])
            for title, answer in self.found.items()
        ]

    def answers(self) -> dict[str, Table]:
        return {title: Table(answer.columns, answer.rows[:ROWS_SHOWN]) for title, answer in self.found.items()}


def look(site: Site) -> Look:
    """Asks the sample queries of the dataset, those that a table so young can answer; where there
    are none, shows what the aggregates counted and the newest rows."""
    found: dict[str, Table] = {}
    for path in sorted((SAMPLES / site.dataset.name).glob("*.sql")):
        try:
            found[f"samples/{path.stem}"] = site.sample(path.stem)
        except SqlFailed:
            continue
    return Look(found or {title: site.read(query) for title, query in _queries(site.dataset).items()})


def _queries(dataset: Dataset) -> dict[str, str]:
    queries = {}
    for aggregate in dataset.aggregates:
        group = aggregate.group_by[0]
        sums = ", ".join(f"sum({measure}) as {measure}" for measure in aggregate.sums)
        if sums:
            queries[f"{aggregate.name} of everything that arrived, by {group}"] = (
                f"select {group}, {sums} from staging.{aggregate.name}"
                f" group by {group} order by {group} desc limit {ROWS_SHOWN}"
            )
    shown = list(dict.fromkeys(dataset.key + dataset.order + dataset.columns))[:COLUMNS_SHOWN]
    newest = ", ".join(f"{column} desc" for column in dataset.order)
    queries[f"{dataset.analytics}, the newest rows"] = (
        f"select {', '.join(shown)} from {dataset.analytics} order by {newest} limit {ROWS_SHOWN}"
    )
    return queries


def cards(samples: dict[str, list[dict[str, Any]]]) -> list[Card]:
    """The part of the report that shows them; records as in the summary."""
    return [
        Card(title, "", table(list(records[0]), [[str(_short(value) or "") for value in record.values()]
                                                 for record in records]), wide=True)
        for title, records in samples.items() if records
    ]


def _short(value: Any) -> Any:
    """The value, as much of it as there is room for."""
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and len(value) > VALUE_CHARS:
        return f"{value[: VALUE_CHARS - 1]}…"
    return value
