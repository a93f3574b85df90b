"""The landing zone as an oracle reads it, and changes of the orders in it."""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from local.tests import oracle
from local.tests.expected import Landed, Validate, an_order, judge
from local.tests.oracle_values import Reject
from local.tests.pipeline import Pipeline

CHANGES = ((-1, "U"), (1, "U"), (-1, "D"), (1, "D"), (2, "I"), (-2, "I"), (0, "U"))
"""Hours later, and the operation."""


@dataclass
class Lake:
    """Accepted rows and rejects of each landing object by its key, and all lines."""

    accepted: dict[str, list[Landed]]
    rejects: dict[str, list[tuple[int, Reject]]]
    lines: Counter[bytes]

    @property
    def events(self) -> list[Landed]:
        return [event for events in self.accepted.values() for event in events]


def read_lake(pipeline: Pipeline, validate: Validate = an_order) -> Lake:
    """Reads every landing object; all are gzip, as Firehose delivers them."""
    lake = Lake({}, {}, Counter())
    for key in pipeline.etags("landing/"):
        answer = pipeline.s3.get_object(Bucket=pipeline.bucket, Key=key)
        text = gzip.decompress(answer["Body"].read())
        lake.lines.update(text.splitlines(keepends=True))
        source = f"s3://{pipeline.bucket}/{key}"
        lake.accepted[key], lake.rejects[key] = judge(text, source, answer["LastModified"], validate)
    return lake


def three_changes(order: oracle.Order, choice: random.Random) -> list[bytes]:
    """Three later, earlier or equally old versions of an order, deletes and inserts among them."""
    return [
        changed(order, timedelta(hours=hours), op, choice.randrange(100_000))
        for hours, op in choice.sample(CHANGES, 3)
    ]


def changed(order: oracle.Order, later: timedelta, op: str, cents: int) -> bytes:
    """Another version of an order; with no time between the two, where it landed decides."""
    fields = {name: getattr(order, name) for name in oracle.COLUMNS} | {
        "order_timestamp": (order.order_timestamp + later).isoformat(),
        "order_amount": cents / 100,
        "op": op,
        "reason": {"late": later < timedelta(0)},
    }
    return json.dumps(fields).encode() + b"\n"
