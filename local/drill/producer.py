"""The producer of a drill: orders on Firehose, one a record."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

from local.tests.pipeline import Pipeline, snowline

ORDERS = 1_100
"""In a step; the alarm wants a thousand records."""
SPREAD = 40
MAX_RECORDS = 500


class Producer:
    """Sends orders of now. A fault may turn it `off`, make it send other lines, or more of them."""

    def __init__(self, pipeline: Pipeline, seed: int) -> None:
        self._pipeline = pipeline
        self._choice = random.Random(seed)
        self._firehose: Any = pipeline.stack.client("firehose")
        self.off = False
        self.bad_share = 0.0
        self.times = 1
        self.value_factor = 1
        self.late_by = timedelta()

    def send(self) -> None:
        """Sends the orders of a step."""
        if self.off:
            return
        count = self.times * (ORDERS + self._choice.randint(-SPREAD, SPREAD))
        # At a thousand a second, the last of them is of now.
        start = datetime.now(UTC) - self.late_by - timedelta(milliseconds=count)
        lines = snowline(
            "generate", "--count", str(count), "--seed", str(self._choice.getrandbits(32)),
            "--bad", str(self.bad_share), "--duplicates", "0", "--start", f"{start:%Y-%m-%dT%H:%M:%S}Z",
        ).splitlines(keepends=True)
        if self.value_factor != 1:
            lines = [_scaled(line, self.value_factor) for line in lines]
        for first in range(0, len(lines), MAX_RECORDS):
            self._firehose.put_record_batch(
                DeliveryStreamName=self._pipeline.stack.outputs["LandingStreamName"],
                Records=[{"Data": line} for line in lines[first:first + MAX_RECORDS]],
            )


def _scaled(line: bytes, factor: int) -> bytes:
    """An order whose amount is wrong by a factor."""
    order = json.loads(line)
    order["order_amount"] = round(order["order_amount"] * factor, 2)
    return json.dumps(order).encode() + b"\n"
