"""Small landing objects of new orders, brought to rest, for tests of what comes after."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from local.tests.pipeline import Pipeline, Row, deployed, snowline

ROWS = 300
AS_OWNER = "use role sysadmin; use database snowline; use warehouse snowline_wh;"


def orders(seed: int) -> bytes:
    """Lines of new orders, all of them good."""
    start = datetime.now(UTC) - timedelta(minutes=5)
    return snowline(
        "generate", "--count", str(ROWS), "--seed", str(seed), "--bad", "0", "--duplicates", "0",
        "--start", f"{start:%Y-%m-%dT%H:%M:%SZ}",
    )


def results(pipeline: Pipeline, run_id: str) -> dict[str, Row]:
    """What a run stored in ops.check_results, by check."""
    rows = [row for row in pipeline.rows("ops.check_results") if row["run_id"] == run_id]
    by_check = {row["check_id"]: row for row in rows}
    assert len(by_check) == len(rows), "a check was stored twice"
    return by_check


@pytest.fixture
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """One landing object of new orders at rest."""
    with deployed(tmp_path_factory.mktemp("stack")) as pipeline:
        pipeline.land("orders", orders(1))
        pipeline.settle()
        yield pipeline
