"""A short soak: functions killed at random, every row where it belongs, and a row gone is found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.soak.killer import FUNCTIONS
from local.soak.run import soak
from local.soak.summary import summarise
from local.soak.verify import differences
from local.tests.lake import read_lake
from local.tests.pipeline import Pipeline, deployed

KILLS = 30
AS_OWNER = "use role sysadmin; use database snowline; use warehouse snowline_wh;"


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[Pipeline]:
    with deployed(tmp_path) as pipeline:
        yield pipeline


def test_nothing_is_lost_and_nothing_comes_twice(pipeline: Pipeline) -> None:
    outcome = soak(pipeline, KILLS, seed=1)
    assert outcome.differences == []

    summary = summarise(pipeline, outcome)
    assert summary["kills"] >= KILLS
    for function in FUNCTIONS:
        figures = summary["functions"][function]
        assert figures["kills"] and figures["invocations_killed"] and figures["retries"], function
    assert summary["statements"]["orphaned"] and summary["files_already_loaded"], "kills hit what must not hurt"
    assert summary["rows_accepted"] + summary["rows_rejected"] == summary["lines"]

    lines = list(read_lake(pipeline).lines.elements())
    pipeline.snowflake.run_script(
        f"{AS_OWNER} delete from staging.orders_hourly where order_count = 1;"
        "insert into staging.orders select * from staging.orders where _source_line = 1"
    )
    found = [line for line in differences(pipeline, lines) if "differ" in line]
    assert [line.partition(":")[0] for line in found] == ["staging.orders", "staging.orders_hourly"]
