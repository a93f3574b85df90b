"""Embedded metric format: log lines that are metrics.

Strict where CloudWatch is silent: it drops a line it cannot read, which nobody would notice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from local.aws.cloudwatch.metrics import InvalidMetric, Metric, MetricData

MAX_METRICS = 100
MAX_VALUES = 100
MAX_BYTES = 1024 * 1024


class Logs:
    """The lines of a folder of logs; each is read once, when it is complete."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}

    def new_lines(self) -> Iterator[bytes]:
        """The lines that came since the last call."""
        for log in sorted(self._folder.rglob("*.log")):
            with log.open("rb") as file:
                file.seek(self._read.get(log, 0))
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    self._read[log] = self._read.get(log, 0) + len(line)
                    yield line


Point = tuple[Metric, float, str, float]
"""Metric, value, unit, time (seconds since 1970)."""


def points(line: bytes) -> list[Point]:
    """The data points of a log line; none if it is not in the format.

    Raises `InvalidMetric` for what CloudWatch would drop.
    """
    if not line.startswith(b"{") or b'"_aws"' not in line:
        return []
    if len(line) > MAX_BYTES:
        raise InvalidMetric(f"a line of {len(line)} bytes, {MAX_BYTES} at most")
    event: dict[str, Any] = json.loads(line)
    head = event["_aws"]
    if not isinstance(head.get("Timestamp"), int):
        raise InvalidMetric(f"_aws.Timestamp must be whole milliseconds: {head.get('Timestamp')!r}")
    return [
        (metric, value, unit, head["Timestamp"] / 1000)
        for directive in head["CloudWatchMetrics"]
        for metric, value, unit in _of_directive(directive, event)
    ]


def _of_directive(directive: dict[str, Any], event: dict[str, Any]) -> Iterator[tuple[Metric, float, str]]:
    if unknown := directive.keys() - {"Namespace", "Dimensions", "Metrics"}:
        raise InvalidMetric(f"a directive has no {', '.join(sorted(unknown))}")
    if not 1 <= len(directive["Metrics"]) <= MAX_METRICS:
        raise InvalidMetric(f"{len(directive['Metrics'])} metrics in a directive, 1 to {MAX_METRICS} are possible")
    if not directive["Dimensions"]:
        raise InvalidMetric("a directive without a set of dimensions")
    for definition in directive["Metrics"]:
        name = definition["Name"]
        if name not in event:
            raise InvalidMetric(f"{name} is announced and has no value")
        values = event[name] if isinstance(event[name], list) else [event[name]]
        if not 1 <= len(values) <= MAX_VALUES:
            raise InvalidMetric(f"{name}: {len(values)} values, 1 to {MAX_VALUES} are possible")
        for names in directive["Dimensions"]:
            if missing := [key for key in names if key not in event]:
                raise InvalidMetric(f"{name}: no value of the dimension {', '.join(missing)}")
            metric = Metric.of(directive["Namespace"], name, [(key, event[key]) for key in names])
            for value in values:
                yield metric, value, definition.get("Unit", "None")


def collect(logs: Logs, data: MetricData, to_metric_time: Callable[[float], float]) -> None:
    """Adds what was logged since the last call; `to_metric_time` maps the time of each point."""
    for line in logs.new_lines():
        for metric, value, unit, at in points(line):
            data.put(metric, value, unit, to_metric_time(at))
