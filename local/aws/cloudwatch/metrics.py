"""Metric data: values with their times, and statistics of them by period."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass

_SIZES = ("Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes",
          "Bits", "Kilobits", "Megabits", "Gigabits", "Terabits", "Count")
UNITS = frozenset({"Seconds", "Microseconds", "Milliseconds", "Percent", "None"}
                  | {size + per for size in _SIZES for per in ("", "/Second")})
STATISTICS = ("SampleCount", "Sum", "Average", "Minimum", "Maximum")
MAX_DIMENSIONS = 30
_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?|100)")


class InvalidMetric(ValueError):
    """CloudWatch would refuse this."""


@dataclass(frozen=True, order=True)
class Metric:
    """What a time series is known by; `dimensions` are names and values, in the order of names."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def of(namespace: str, name: str, dimensions: Iterable[tuple[str, str]] = ()) -> Metric:
        """A metric; raises `InvalidMetric` for what CloudWatch would refuse."""
        ordered = tuple(sorted(dimensions))
        if not re.fullmatch(r"[A-Za-z0-9.\-_/#:]{1,255}", namespace):
            raise InvalidMetric(f"{namespace!r} is no namespace")
        if not (1 <= len(name) <= 255 and name.isascii() and name.isprintable()):
            raise InvalidMetric(f"{namespace}: {name!r} is no name of a metric")
        if len(ordered) > MAX_DIMENSIONS:
            raise InvalidMetric(f"{name}: {len(ordered)} dimensions, {MAX_DIMENSIONS} at most")
        if len({key for key, _ in ordered}) < len(ordered):
            raise InvalidMetric(f"{name}: a dimension stands twice")
        for key, value in ordered:
            if not (1 <= len(key) <= 255 and key.isascii() and not key.startswith(":")):
                raise InvalidMetric(f"{name}: {key!r} is no name of a dimension")
            if not (isinstance(value, str) and 1 <= len(value) <= 1024 and value.isascii() and value.strip()):
                raise InvalidMetric(f"{name}: {value!r} is no value of the dimension {key}")
        return Metric(namespace, name, ordered)

    def __str__(self) -> str:
        dimensions = ", ".join(f"{name}={value}" for name, value in self.dimensions)
        return f"{self.namespace} {self.name} {{{dimensions}}}"


class MetricData:
    """Every data point there is; times are seconds since 1970, of whichever clock the caller keeps."""

    def __init__(self) -> None:
        self._points: dict[Metric, list[tuple[float, float]]] = {}
        self._units: dict[Metric, set[str]] = {}

    def put(self, metric: Metric, value: float, unit: str, at: float) -> None:
        """Adds a data point; raises `InvalidMetric` for a unit or a value that CloudWatch does not know."""
        if unit not in UNITS:
            raise InvalidMetric(f"{metric}: {unit!r} is no unit")
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise InvalidMetric(f"{metric}: {value!r} is no value")
        insort(self._points.setdefault(metric, []), (at, float(value)))
        self._units.setdefault(metric, set()).add(unit)

    @property
    def units(self) -> dict[Metric, set[str]]:
        """Every metric that was emitted, with the units it came in."""
        return {metric: set(units) for metric, units in self._units.items()}

    def find(self, namespace: str, name: str, dimension_names: Iterable[str]) -> list[Metric]:
        """The metrics of a name that have exactly these dimensions."""
        wanted = sorted(dimension_names)
        return sorted(
            metric for metric in self._points
            if (metric.namespace, metric.name) == (namespace, name)
            and [key for key, _ in metric.dimensions] == wanted
        )

    def series(self, metric: Metric, statistic: str, period_s: int, end: float, count: int) -> list[float | None]:
        """A statistic of each of the last `count` periods before `end`, the oldest first; None where
        a period has no data."""
        points = self._points.get(metric, [])
        starts = [end - (count - index) * period_s for index in range(count)]
        edges = [bisect_left(points, (start, -math.inf)) for start in (*starts, end)]
        return [
            statistic_of([value for _, value in points[begin:stop]], statistic)
            for begin, stop in zip(edges, edges[1:], strict=False)
        ]


def check_statistic(statistic: str) -> None:
    """Raises `InvalidMetric` for a statistic without a stand-in."""
    if statistic not in STATISTICS and not _PERCENTILE.fullmatch(statistic):
        raise InvalidMetric(f"the statistic {statistic} has no stand-in")


def statistic_of(values: list[float], statistic: str) -> float | None:
    """A statistic of the values of a period; None without values.

    A percentile is the smallest value that this share of the values does not exceed.
    """
    if not values:
        return None
    match statistic:
        case "SampleCount":
            return float(len(values))
        case "Sum":
            return math.fsum(values)
        case "Average":
            return math.fsum(values) / len(values)
        case "Minimum":
            return min(values)
        case "Maximum":
            return max(values)
    check_statistic(statistic)
    rank = math.ceil(float(statistic[1:]) / 100 * len(values))
    return sorted(values)[max(rank, 1) - 1]
