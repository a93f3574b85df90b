"""The outcome of a run as one JSON object: what `summary.json` holds and the report draws."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from local.demo.measurements import Passage, percentile
from local.demo.run import Outcome
from local.demo.sql_api import Table


def summarise(outcome: Outcome) -> dict[str, Any]:
    """The summary; amounts are text, so that they stay exact, and times are UTC."""
    taken = outcome.accounts
    latencies = [passage.milliseconds for passage in outcome.passages]
    return {
        "dataset": taken.dataset,
        "events_sent": taken.sent["events_sent"],
        "duplicates_sent": taken.sent["duplicates_sent"],
        "bad_sent": taken.sent["bad_sent"],
        "landing_objects": taken.landing_objects,
        "rows_read": taken.total("rows_read"),
        "rows_accepted": taken.total("rows_accepted"),
        "rows_rejected": taken.total("rows_rejected"),
        "rejected_by_rule": taken.rejected_by_rule,
        "files_loaded": taken.files_loaded,
        "rows_loaded": taken.rows_loaded,
        "merge": taken.merge,
        "analytics_rows": taken.analytics_rows,
        "checks": [
            {name: _plain(check[name]) for name in ("check_id", "severity", "passed", "value", "threshold")}
            for check in outcome.checks
        ],
        "seconds_by_stage": {name: round(end - begin, 3) for name, (begin, end) in outcome.stages.items()},
        "landing_to_queryable_ms": {
            "p50": _milliseconds(percentile(latencies, 0.50)),
            "p99": _milliseconds(percentile(latencies, 0.99)),
        },
        "seconds_total": round(max(end for _, end in outcome.stages.values()) - outcome.begun, 3),
        "finished_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "sent": taken.sent,
        "landing_bytes": taken.total("bytes"),
        "accounting": [
            {
                "name": equation.name,
                "left": equation.left,
                "left_value": equation.left_value,
                "right": equation.right,
                "right_value": equation.right_value,
                "holds": equation.holds,
            }
            for equation in taken.equations()
        ],
        "audit": outcome.audit,
        "merges": outcome.merges,
        "functions": outcome.functions,
        "stages": [
            {"stage": name, "begin_s": round(begin - outcome.begun, 3), "end_s": round(end - outcome.begun, 3)}
            for name, (begin, end) in outcome.stages.items()
        ],
        "invocations": outcome.invocations,
        "objects": [_object(passage, outcome.begun) for passage in outcome.passages],
        "samples": {name: _records(table) for name, table in outcome.samples.answers().items()},
    }


def _object(passage: Passage, begun: float) -> dict[str, Any]:
    return {
        "key": passage.key,
        "rows": passage.rows,
        "landed_s": round(passage.landed - begun, 3),
        "transform_ms": _milliseconds((passage.transformed - passage.landed) * 1000),
        "gather_ms": _milliseconds((passage.copying - passage.transformed) * 1000),
        "copy_ms": _milliseconds((passage.queryable - passage.copying) * 1000),
        "landing_to_queryable_ms": _milliseconds(passage.milliseconds),
    }


def _records(table: Table) -> list[dict[str, Any]]:
    return [{name: _plain(value) for name, value in record.items()} for record in table.records()]


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return str(value)
        case datetime():
            return f"{value:%Y-%m-%dT%H:%M:%SZ}"
        case date() | time():
            return value.isoformat()
    return value


def _milliseconds(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
