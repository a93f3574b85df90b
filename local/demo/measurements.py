"""How long things took, as the stand-ins measured it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.aws.instance import Report
from local.demo.accounts import Entry
from local.demo.site import Site
from local.snowflake.jobs import Job


@dataclass(frozen=True)
class Passage:
    """The way of one landing object; times are Unix times.

    `landed`: complete in the lake. `transformed`: its Parquet is complete in the lake.
    `copying`: the COPY that names it was received. `queryable`: that COPY had answered.
    """

    key: str
    rows: int
    landed: float
    transformed: float
    copying: float
    queryable: float

    @property
    def milliseconds(self) -> float:
        """From complete in the lake to queryable in staging."""
        return (self.queryable - self.landed) * 1000


def passages(site: Site, entries: Iterable[Entry]) -> list[Passage]:
    """The passage of every landing object that has accepted rows, in the order of landing."""
    written: dict[str, float] = {}
    for delivery in site.stack.events.history:
        written.setdefault(delivery.key, datetime.fromisoformat(delivery.record["eventTime"]).timestamp())
    processed = {key.rpartition("_")[2].removesuffix(".parquet"): at for key, at in written.items() if "/final_" in key}
    copies = _copies(site.snowflake.history)
    found = []
    for entry in entries:
        # An object without accepted rows has none to load; one that was not loaded fails the accounts.
        if job := copies.get(entry.id):
            times = (written[entry.key], processed[entry.id], job.created_on, job.ended_on or math.nan)
            found.append(Passage(entry.key, entry.rows_accepted, *times))
    return sorted(found, key=lambda passage: passage.landed)


def _copies(history: Iterable[Job]) -> dict[str, Job]:
    """The COPY that loaded the rows of each landing object, by the object's id."""
    found: dict[str, Job] = {}
    for job in history:
        if job.result is None or [column.name for column in job.result.columns][:2] != ["file", "status"]:
            continue
        for file, status, *_ in job.result.python_rows():
            name = str(file).rpartition("/")[2]
            if status == "LOADED" and name.startswith("final_"):
                found[name.removeprefix("final_").removesuffix(".parquet")] = job
    return found


def percentile(values: Iterable[float], share: float) -> float | None:
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def function_use(site: Site) -> dict[str, dict[str, Any]]:
    """What the invocations of each function took, by its logical id."""
    reports = site.stack.reports
    return {
        logical_id: _use([report for report in reports if report.function == config.name])
        for logical_id, config in site.stack.functions.items()
    }


def _use(reports: list[Report]) -> dict[str, Any]:
    durations = [report.duration_ms for report in reports]
    cold = [report.init_ms for report in reports if report.init_ms is not None]
    return {
        "invocations": len(reports),
        "errors": sum(report.error is not None for report in reports),
        "cold_starts": len(cold),
        "init_ms_p50": _rounded(percentile(cold, 0.5)),
        "duration_ms_p50": _rounded(percentile(durations, 0.5)),
        "duration_ms_p99": _rounded(percentile(durations, 0.99)),
        "billed_ms": sum(report.billed_ms for report in reports),
        "max_memory_mb": _rounded(max((report.max_memory_mb for report in reports), default=None)),
        "memory_mb": reports[0].memory_mb if reports else None,
    }


def invocations(site: Site, begun: float) -> list[dict[str, Any]]:
    """When each invocation ran, in seconds since the run began."""
    logical_ids = {config.name: logical_id for logical_id, config in site.stack.functions.items()}
    return [
        {
            "function": logical_ids[report.function],
            "begin_s": round(report.started_at - begun, 3),
            "end_s": round(report.started_at - begun + (report.duration_ms + (report.init_ms or 0)) / 1000, 3),
        }
        for report in site.stack.reports
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
