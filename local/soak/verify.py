"""Holds lake and warehouse against the oracle, row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from local.soak.killer import was_killed
from local.tests.expected import comparable, hourly_rows, live, without_stamps
from local.tests.lake import Lake, read_lake
from local.tests.pipeline import Pipeline, Row

NAMED = 3
LINE = ("_source_object", "_source_line")
GROUP = ("_source_object", "order_hour", "product_category", "shipping_country")


def differences(pipeline: Pipeline, sent: Iterable[bytes]) -> list[str]:
    """What is not as it must be, the first few of each kind; empty when every row is where it belongs."""
    lake = read_lake(pipeline)
    ledger = pipeline.ledger()
    return [
        *_compare("lines landed", lake.lines, Counter(sent)),
        *_ledger_of_the_lake(lake, ledger),
        *_outputs(pipeline, ledger),
        *_quarantine(pipeline, lake, ledger),
        *_warehouse(pipeline, lake, ledger),
        *_failures(pipeline),
    ]


def _ledger_of_the_lake(lake: Lake, ledger: dict[str, Row]) -> list[str]:
    """Each landing object has one entry, and each of its lines is accepted or rejected."""
    expected = {}
    for key, accepted in lake.accepted.items():
        by_rule = Counter(reject.rule for _, reject in lake.rejects[key])
        expected[key] = (len(accepted) + by_rule.total(), len(accepted), by_rule.total(), dict(by_rule))
    names = ("rows_read", "rows_accepted", "rows_rejected", "rejected_by_rule")
    return _compare("ledger/", {key: tuple(entry[name] for name in names) for key, entry in ledger.items()}, expected)


def _outputs(pipeline: Pipeline, ledger: dict[str, Row]) -> list[str]:
    """The zones hold what the ledger names, of these sizes, what is loaded with these bytes, and nothing else."""
    listed = [one for zone in ("processing/", "processed/", "quarantine/") for one in pipeline.listed(zone)]
    found = {
        one["Key"]: (one["Size"], one["ETag"].strip('"') if one["Key"].startswith("processed/") else None)
        for one in listed
    }
    named = {one["key"]: (one["bytes"], one["etag"]) for entry in ledger.values() for one in entry["outputs"]}
    return _compare("outputs", found, named)


def _quarantine(pipeline: Pipeline, lake: Lake, ledger: dict[str, Row]) -> list[str]:
    found = {
        key: [(one["line"], one["rule"], one["column"]) for one in pipeline.quarantine(entry)]
        for key, entry in ledger.items()
    }
    expected = {
        key: [(line, reject.rule, reject.column) for line, reject in rejects] for key, rejects in lake.rejects.items()
    }
    return _compare("quarantine/", found, expected)


def _warehouse(pipeline: Pipeline, lake: Lake, ledger: dict[str, Row]) -> list[str]:
    salt = pipeline.salt
    newest = [event.processed_row(salt) for event in live(lake.events)]
    hours = [row for events in lake.accepted.values() for row in hourly_rows(events)]
    names = ("id", "key", "rows_read", "rows_accepted", "rows_rejected")
    entries = [tuple(entry[name] for name in names) for entry in ledger.values()]
    loaded = [tuple(row[name] for name in names) for row in pipeline.rows("ops.ledger")]
    return [
        *_compare_rows("staging.orders", LINE, pipeline, [event.processed_row(salt) for event in lake.events]),
        *_compare_rows("staging.orders_hourly", GROUP, pipeline, hours),
        *_compare("ops.ledger", Counter(loaded), Counter(entries)),
        *_compare_rows("analytics.processed_orders", LINE, pipeline, newest),
        *_compare_rows("analytics.orders_live", LINE, pipeline, newest),
    ]


def _failures(pipeline: Pipeline) -> list[str]:
    """No invocation failed but those that were killed, and no file was refused."""
    failed = [report for report in pipeline.stack.reports if report.error and not was_killed(report.error)]
    refused = pipeline.metric("FilesFailed")
    return [
        *(f"{report.function} failed: {report.error}" for report in failed[:NAMED]),
        *([f"load could not load a file, {refused} times"] if refused else []),
    ]


def _compare_rows(table: str, grain: tuple[str, ...], pipeline: Pipeline, expected: list[Row]) -> list[str]:
    """Compares a table, which must have a row a grain: all rows of one, should there be more."""

    def by_grain(rows: list[Row]) -> dict[Any, list[Row]]:
        grains: dict[Any, list[Row]] = {}
        for row in rows:
            grains.setdefault(tuple(row[name] for name in grain), []).append(row)
        return grains

    return _compare(table, by_grain(without_stamps(pipeline.rows(table))), by_grain(comparable(expected)))


def _compare(what: str, found: dict[Any, Any], expected: dict[Any, Any]) -> list[str]:
    differing = [key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)]
    if not differing:
        return []
    named = sorted(differing, key=repr)[:NAMED]
    return [
        f"{what}: {len(differing):,} differ from the oracle",
        *(f"  {key}: {found.get(key, 'nothing')}\n    expected: {expected.get(key, 'nothing')}" for key in named),
    ]
