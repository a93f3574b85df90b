"""Whatever fault strikes whichever call: after recovery the tables equal the oracle's."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from local.stack import ROOT
from local.tests.fault_matrix import COLUMNS, ROWS, Column, Matrix, matrix

PAGE = ROOT / "docs" / "faults.md"
MARK = "<!-- the matrix -->"


@pytest.fixture(scope="module")
def cells() -> dict[tuple[str, str], str]:
    """What was observed, by row and column."""
    return {}


@pytest.fixture(scope="module", params=sorted({row.authentication for row in ROWS}))
def run(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, cells: dict[tuple[str, str], str]
) -> Iterator[Matrix]:
    with matrix(tmp_path_factory.mktemp("stack"), request.param, cells) as run:
        yield run


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_after_recovery_the_tables_equal_the_oracles(run: Matrix, column: Column) -> None:
    run.faults.clear()
    run.run(column)
    run.compare()


def test_the_page_shows_what_was_observed(cells: dict[tuple[str, str], str]) -> None:
    before, printed, after = PAGE.read_text().split(MARK)
    observed = printed_matrix(cells)
    if os.environ.get("UPDATE_GOLDEN"):
        PAGE.write_text(MARK.join([before, f"\n{observed}", after]))
        printed = observed
    assert printed.strip() == observed.strip()


def printed_matrix(cells: dict[tuple[str, str], str]) -> str:
    """As a Markdown table; what was not run is left empty."""
    names = [column.name for column in COLUMNS]
    lines = [["call", *names], ["---"] * (len(names) + 1)]
    lines += [[row.name, *(cells.get((row.name, name), "") for name in names)] for row in ROWS]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
