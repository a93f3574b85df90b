"""All that a repetition could change, to be compared before and after."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from local.tests.pipeline import Pipeline, Row

TABLES = (
    "staging.orders", "staging.orders_hourly", "ops.ledger",
    "analytics.processed_orders", "analytics.orders_live",
)


@dataclass(frozen=True)
class State:
    """All that a delivery could change: eTag and bytes of every object, every row of every table."""

    etags: dict[str, str]
    digests: dict[str, str]
    tables: dict[str, list[Row]]


def state(pipeline: Pipeline) -> State:
    etags = pipeline.etags()
    digests = {key: hashlib.sha256(pipeline.read(key)).hexdigest() for key in etags}
    tables = {name: sorted(pipeline.rows(name), key=repr) for name in TABLES}
    return State(etags, digests, tables)
