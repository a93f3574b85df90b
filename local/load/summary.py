"""The outcome of a load test as one JSON object: what `summary.json` holds and the report draws."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import pairwise
from statistics import fmean
from typing import Any

from local.load import latency, limit
from local.load.flow import Flow
from local.load.run import Outcome

POINTS = 60
"""Most points of a chart over time."""


def summarise(outcome: Outcome) -> dict[str, Any]:
    """The summary; rates are lines a second. `bytes_sent` are of text, `bytes_received` of records as Firehose
    took them, compressed if the producer compresses."""
    taken, settings = outcome.accounts, outcome.settings
    seconds = outcome.sent_at - outcome.begun
    flow = Flow(outcome.passages, outcome.merges)
    published_at = outcome.merges[-1].ended
    sent = taken.sent["events_sent"]
    sustained, why = _limit(outcome, flow)
    return {
        "dataset": taken.dataset,
        "settings": asdict(settings),
        "seconds": round(seconds, 1),
        "rate_asked": settings.rate,
        "rate_sent": round(sent / seconds),
        "rate_queryable": round(flow.staged_by(outcome.sent_at) / seconds),
        "rate_published": round(taken.total("rows_accepted") / (published_at - outcome.begun)),
        "sustained": sustained,
        "limit": why,
        "drained_s": round(published_at - outcome.sent_at, 1),
        "landing_bytes": taken.total("bytes"),
        "bytes_sent": taken.sent["bytes"],
        "bytes_received": taken.sent["record_bytes"],
        "latency_ms": latency.by_stage(outcome.passages, outcome.merges),
        "series": _series(outcome, flow),
        "cpu": _cpu(outcome),
        "functions": outcome.functions,
        "sent": taken.sent,
        "rows_accepted": taken.total("rows_accepted"),
        "rows_rejected": taken.total("rows_rejected"),
        "rejected_by_rule": taken.rejected_by_rule,
        "landing_objects": taken.landing_objects,
        "analytics_rows": taken.analytics_rows,
        "merge": taken.merge,
        "merges": len(outcome.merges),
        "audit": outcome.audit,
        "checks": len(outcome.checks),
        "checks_failed": outcome.checks_failed,
        "accounting": [asdict(one) | {"holds": one.holds} for one in taken.equations()],
        "finished_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }


def _limit(outcome: Outcome, flow: Flow) -> tuple[bool, str]:
    settings, sent = outcome.settings, outcome.accounts.sent
    samples = [one for one in outcome.samples if one.at <= outcome.sent_at] or outcome.samples
    backlog = flow.backlog([one.at for one in samples])
    lines_a_byte = sent["events_sent"] / max(sent["record_bytes"], 1)
    lines_an_object = sent["events_sent"] / max(len(outcome.passages), 1)
    waiting = {
        "firehose": fmean(one.buffered for one in samples) * lines_a_byte,
        "transform": fmean(backlog.to_transform) * lines_an_object,
        "load": fmean(backlog.to_load) * lines_an_object,
        "merge": fmean(backlog.staged),
    }
    # What gathers for an object and for a merge is no backlog, nor what a stage is working at.
    gathered = max(settings.rate * settings.buffer_s, settings.buffer_mib * 1024**2 * lines_a_byte)
    usual = {
        "firehose": 2 * gathered,
        "transform": (settings.transforms + 1) * lines_an_object,
        "load": settings.rate * (settings.window_s + 2),
        "merge": 1.5 * settings.rows_an_interval,
    }
    held = fmean(one.held for one in samples)
    busy, _ = _busy(outcome)
    asked = settings.rate * settings.seconds
    return limit.find(asked, sent["events_sent"], held, waiting, usual, busy)


def _busy(outcome: Outcome) -> tuple[float, float]:
    """The share of the processors busy while lines were sent, with anything and with this run."""
    samples = [one for one in outcome.samples if one.at <= outcome.sent_at + 1] or outcome.samples
    first, last = samples[0], samples[-1]
    busy, idle = last.machine_busy_s - first.machine_busy_s, last.machine_idle_s - first.machine_idle_s
    ours = sum(last.cpu_s.values()) - sum(first.cpu_s.values())
    total = busy + idle
    return (busy / total, min(1.0, ours / total)) if total else (0.0, 0.0)


def _series(outcome: Outcome, flow: Flow) -> dict[str, Any]:
    """What happened over time: one point for each of the slots that the run is cut into."""
    samples = outcome.samples
    kept = samples[:: max(1, -(-len(samples) // POINTS))]
    if kept[-1] is not samples[-1]:
        kept = [*kept, samples[-1]]
    moments = [one.at for one in kept]
    backlog = flow.backlog(moments)
    slots = list(pairwise(kept))

    def rate(first: float, last: float, seconds: float) -> int:
        return round((last - first) / max(seconds, 0.001))

    return {
        "at_s": [round(one.at - outcome.begun, 1) for one in kept[1:]],
        "sent_per_s": [rate(a.lines, b.lines, b.at - a.at) for a, b in slots],
        "queryable_per_s": [rate(flow.staged_by(a.at), flow.staged_by(b.at), b.at - a.at) for a, b in slots],
        "firehose_mb": [round(one.buffered / 1e6, 2) for one in kept[1:]],
        "objects_to_transform": backlog.to_transform[1:],
        "objects_to_load": backlog.to_load[1:],
        "rows_not_merged": backlog.staged[1:],
        "landing_to_queryable_ms": latency.over_time(outcome.passages, moments),
        "cores_busy": {
            group: [round((b.cpu_s[group] - a.cpu_s[group]) / max(b.at - a.at, 0.001), 3) for a, b in slots]
            for group in kept[0].cpu_s
        },
    }


def _cpu(outcome: Outcome) -> dict[str, Any]:
    """Processor seconds and memory, by process and by what the stand-ins did."""
    first, last = outcome.samples[0], outcome.samples[-1]
    seconds = {group: round(last.cpu_s[group] - first.cpu_s[group], 2) for group in last.cpu_s}
    statements: Counter[str] = Counter()
    for one in outcome.statements:
        statements[one.kind] += one.cpu_s
    aws = {name: round(value, 2) for name, value in outcome.meter_s.items() if value >= 0.005}
    snowflake = {name: round(value, 2) for name, value in statements.items() if value >= 0.005}
    busy, ours = _busy(outcome)
    million = outcome.accounts.sent["events_sent"] / 1e6
    return {
        "cores": os.cpu_count(),
        "busy_share": round(busy, 3),
        "ours_share": round(ours, 3),
        "seconds": seconds,
        "transform_ms_per_mb": round(seconds["transform"] * 1e9 / outcome.accounts.sent["bytes"], 2),
        "seconds_per_million_lines": {group: round(value / million, 2) for group, value in seconds.items()},
        "peak_mib": {group: round(value) for group, value in outcome.peak_mib.items()},
        "aws_by_service": dict(sorted(aws.items(), key=lambda item: -item[1])),
        "snowflake_by_statement": dict(sorted(snowflake.items(), key=lambda item: -item[1])),
    }
