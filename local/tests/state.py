"""All that a repetition could change, to be compared before and after."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from local.tests.pipeline import Pipeline, Row


def tables(pipeline: Pipeline) -> list[str]:
    """The tables and views of the dataset that loads and merges write."""
    dataset = pipeline.dataset
    aggregates = [f"staging.{aggregate.name}" for aggregate in dataset.aggregates]
    return [dataset.staging, *aggregates, "ops.ledger", dataset.analytics, dataset.live]


@dataclass(frozen=True)
class State:
    """All that a delivery could change: the bytes of every object, the eTag of those that are loaded, every row.

    What is not loaded is under the stack's key, and has another eTag each time that it is written.
    """

    etags: dict[str, str]
    digests: dict[str, str]
    tables: dict[str, list[Row]]


def state(pipeline: Pipeline) -> State:
    etags = pipeline.etags("processed/") | pipeline.etags("ledger/")
    digests = {key: hashlib.sha256(pipeline.read(key)).hexdigest() for key in pipeline.etags()}
    rows = {name: sorted(pipeline.rows(name), key=repr) for name in tables(pipeline)}
    return State(etags, digests, rows)
