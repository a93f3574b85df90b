"""A soak in figures: what is printed, and the same as JSON."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from local.aws.instance import Report
from local.console import Console
from local.snowflake.jobs import Job
from local.soak.killer import FUNCTIONS, was_killed
from local.soak.run import Outcome
from local.tests.pipeline import Pipeline

ACCOUNTED = "select sum(rows_accepted), sum(rows_rejected) from snowline.ops.ledger"
LIVE = "select count(*) from snowline.analytics.processed_orders"


def summarise(pipeline: Pipeline, outcome: Outcome) -> dict[str, Any]:
    """The figures. Counts that functions report themselves lack those of runs killed before they could."""
    stack = pipeline.stack
    retries = {
        "TransformFunction": _repeated(_reports(pipeline, "TransformFunction")),
        "LoadFunction": _killed(_reports(pipeline, "LoadFunction")),
        "PublishFunction": outcome.airflow.counts["retries"],
    }
    [(accepted, rejected)] = pipeline.snowflake.query(ACCOUNTED)
    [(live,)] = pipeline.snowflake.query(LIVE)
    killed = {report.request_id for report in stack.reports if was_killed(report.error)}
    return {
        "seed": outcome.seed,
        "kills": outcome.killer.kills.total(),
        "functions": {
            function: {
                "kills": outcome.killer.kills[function],
                "invocations_killed": _killed(_reports(pipeline, function)),
                "invocations": len(_reports(pipeline, function)),
                "retries": retries[function],
            }
            for function in FUNCTIONS
        },
        "messages_redelivered_by_sqs": stack.messages_returned,
        "parked_and_replayed": {"events": outcome.replay.events, "messages": outcome.replay.messages},
        "notifications_redelivered": outcome.redelivery.delivered,
        "files_loaded": pipeline.metric("FilesLoaded"),
        "files_already_loaded": pipeline.metric("FilesAlreadyLoaded"),
        "tasks": dict(outcome.airflow.counts),
        "statements": _statements(pipeline.snowflake.history, _ends(stack.reports), killed),
        "objects": outcome.producer.landed,
        "lines": outcome.lines,
        "rows_accepted": int(accepted),
        "rows_rejected": int(rejected),
        "orders_live": live,
        "seconds": {name: round(seconds, 1) for name, seconds in outcome.seconds.items()},
        "differences": outcome.differences,
    }


def show(console: Console, summary: dict[str, Any]) -> None:
    """Prints the summary."""
    names = ("kills", "invocations_killed", "invocations", "retries")
    rows = [[function, *(figures[name] for name in names)] for function, figures in summary["functions"].items()]
    console.table("Killed", ["function", "kills", "in an invocation", "invocations", "retries"], rows)
    parked, statements, tasks = summary["parked_and_replayed"], summary["statements"], summary["tasks"]
    console.table("Absorbed", [""] * 2, [
        ["notifications delivered again", summary["notifications_redelivered"]],
        ["messages that went back to the load queue", summary["messages_redelivered_by_sqs"]],
        ["events parked in TransformFailures and replayed", parked["events"]],
        ["messages parked in LoadDeadLetterQueue and replayed", parked["messages"]],
        ["files skipped as already loaded", summary["files_already_loaded"]],
        ["statements that ran on after their function was killed", statements["orphaned"]],
        ["tasks that were killed at each of their tries", tasks.get("given_up", 0)],
    ])
    console.table("Accounts", [""] * 2, [
        ["landing objects", summary["objects"]],
        ["lines", summary["lines"]],
        ["rows accepted", summary["rows_accepted"]],
        ["rows rejected", summary["rows_rejected"]],
        ["COPY statements", statements["copy"]],
        ["MERGE statements", statements["merge"]],
        ["live orders", summary["orders_live"]],
    ])


def _reports(pipeline: Pipeline, function: str) -> list[Report]:
    name = pipeline.stack.functions[function].name
    return [report for report in pipeline.stack.reports if report.function == name]


def _killed(reports: list[Report]) -> int:
    return sum(was_killed(report.error) for report in reports)


def _repeated(reports: list[Report]) -> int:
    return len(reports) - len({report.request_id for report in reports})


def _ends(reports: list[Report]) -> dict[str, float]:
    """When each invocation was over, Unix time."""
    return {
        report.request_id: report.started_at + (report.duration_ms + (report.init_ms or 0)) / 1000
        for report in reports
    }


def _statements(history: list[Job], ends: dict[str, float], killed: set[str]) -> dict[str, int]:
    """Statements by their kind; `orphaned` are those that ran on after the invocation that sent them was killed."""
    counts: Counter[str] = Counter()
    for job in history:
        batch = json.loads(job.query_tag or "{}").get("batch")
        kind = next((line.split()[0].lower() for line in job.statement.splitlines() if not line.startswith("--")), "")
        counts[kind] += 1
        counts["orphaned"] += batch in killed and (job.ended_on or 0) > ends[batch]
    return {kind: counts[kind] for kind in ("copy", "merge", "orphaned")}
