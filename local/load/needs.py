"""What much more than this machine carries would need on AWS and Snowflake, as `snowline cost` reckons it."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from local.demo.site import SNOWLINE

EVENTS_PER_SECOND = 1_000_000
WAREHOUSES = ("XS", "S", "M", "L", "XL", "2XL", "3XL", "4XL")
MOST_BUSY = 0.8
"""Of the warehouse, with COPYs and merges."""

COSTS = ("firehose", "s3_requests", "s3_storage", "transform", "load", "publish", "snowflake_load", "snowflake_merge")


def at_a_million(bytes_a_line: float, transform_cpu_ms_per_mb: float, compress: str) -> dict[str, Any]:
    """Needs and dollars of so many events a second, on the smallest warehouse that keeps up.

    The transform's processor time is as measured; all else is as `snowline cost` assumes, of records
    that producers compress as in the run. Lines and megabytes are of text. Raises
    `CalledProcessError`.
    """
    answer: dict[str, Any] = {}
    for warehouse in WAREHOUSES:
        answer = _cost(bytes_a_line, transform_cpu_ms_per_mb, compress, warehouse)
        if answer["needs"]["warehouse_busy"] <= MOST_BUSY:
            break
    months = answer["usd_per_month"]
    return {
        "events_per_second": EVENTS_PER_SECOND,
        "bytes_an_event": round(bytes_a_line),
        "compress": compress,
        "transform_cpu_ms_per_mb": round(transform_cpu_ms_per_mb, 2),
        "warehouse": warehouse,
        "needs": answer["needs"],
        "usd_per_gb": round(answer["usd_per_gb"]["total"], 4),
        "usd_per_month": round(months["total"]),
        "usd_per_month_by_stage": {name: round(months[name]) for name in COSTS},
    }


def _cost(bytes_a_line: float, cpu_ms_per_mb: float, compress: str, warehouse: str) -> dict[str, Any]:
    command = [
        str(SNOWLINE), "cost", "--events-per-second", str(EVENTS_PER_SECOND), "--bytes", str(round(bytes_a_line)),
        "--transform-cpu-ms-per-mb", f"{cpu_ms_per_mb:.2f}", "--compress", compress,
        "--warehouse", warehouse, "--json",
    ]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
