"""The alarms of a deployed template: read strictly, and evaluated at given times.

Evaluated over exactly the last `EvaluationPeriods` periods before the time given. CloudWatch looks a
few periods further back when data is missing; with one period, as most alarms here have, that is
the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.aws.cloudformation import Deployment, Resource
from local.aws.cloudwatch import queries
from local.aws.cloudwatch.expressions import Band, InvalidExpression
from local.aws.cloudwatch.metrics import InvalidMetric, Metric, MetricData, check_statistic
from local.aws.cloudwatch.queries import Queries, Query

KNOWN = {
    "AlarmName", "AlarmDescription", "AlarmActions", "OKActions", "Namespace", "MetricName", "Dimensions",
    "Statistic", "ExtendedStatistic", "Period", "EvaluationPeriods", "DatapointsToAlarm", "Threshold",
    "ThresholdMetricId", "ComparisonOperator", "TreatMissingData", "Metrics",
}
OF_ONE_METRIC = {"Namespace", "MetricName", "Dimensions", "Statistic", "ExtendedStatistic", "Period"}
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}
BAND_COMPARISONS = {
    "LessThanLowerOrGreaterThanUpperThreshold": (True, True),
    "LessThanLowerThreshold": (True, False),
    "GreaterThanUpperThreshold": (False, True),
}
MISSING = ("breaching", "notBreaching", "ignore", "missing")
MAX_DESCRIPTION = 1024


class InvalidAlarm(ValueError):
    """CloudWatch would refuse the alarm, or it uses what has no stand-in."""


@dataclass(frozen=True)
class Change:
    """A change of an alarm's state; value and threshold are those of the newest period with data."""

    at: float
    state: str
    value: float | None
    threshold: str


@dataclass
class Alarm:
    """One alarm and what became of it."""

    name: str
    description: str
    queries: Queries
    watched: str
    band: str | None
    period_s: int
    periods: int
    to_alarm: int
    comparison: str
    threshold: float | None
    missing: str
    actions: dict[str, list[str]]
    state: str = "INSUFFICIENT_DATA"
    changes: list[Change] = field(default_factory=list)

    @property
    def metrics(self) -> list[Metric]:
        """The metrics that it looks at."""
        return [query.metric for query in self.queries.metrics if query.metric is not None]

    def evaluate(self, data: MetricData, at: float) -> Change | None:
        """Looks at the periods before `at`; returns the change of state, if there is one."""
        values = queries.one_series(self._values(self.watched, data, at))
        thresholds = self._thresholds(data, at)
        breaches = [self._breaches(value, *bounds) for value, bounds in zip(values, thresholds, strict=True)]
        state = self._state(breaches)
        if state == self.state:
            return None
        known = [place for place, value in enumerate(values) if value is not None]
        place = known[-1] if known else -1
        self.state = state
        self.changes.append(Change(at, state, values[place], _bounds_text(*thresholds[place])))
        return self.changes[-1]

    def _values(self, name: str, data: MetricData, at: float) -> Any:
        return self.queries.values(name, data, self.period_s, at, self.periods)

    def _thresholds(self, data: MetricData, at: float) -> list[tuple[float | None, float | None]]:
        """The lower and the upper bound at each place; a plain threshold is both."""
        if self.band is None:
            return [(self.threshold, self.threshold)] * self.periods
        band = self._values(self.band, data, at)
        if not isinstance(band, Band):
            raise InvalidExpression(f"{self.name}: {self.band} is no band")
        return list(zip(band.lower, band.upper, strict=True))

    def _breaches(self, value: float | None, lower: float | None, upper: float | None) -> bool | None:
        """Whether a value breaches; None where it, or what it is held against, is missing."""
        if value is None or lower is None or upper is None:
            return None
        if self.band is None:
            return COMPARISONS[self.comparison](value, upper)
        below, above = BAND_COMPARISONS[self.comparison]
        return (below and value < lower) or (above and value > upper)

    def _state(self, breaches: list[bool | None]) -> str:
        if all(one is None for one in breaches) and self.missing in ("ignore", "missing"):
            return self.state if self.missing == "ignore" else "INSUFFICIENT_DATA"
        filled = [self.missing == "breaching" if one is None else one for one in breaches]
        return "ALARM" if sum(filled) >= self.to_alarm else "OK"


def read_all(deployment: Deployment) -> list[Alarm]:
    """Every alarm of a deployment, in the order of the template."""
    topics = {topic.physical_id for topic in deployment.of_type("AWS::SNS::Topic")}
    alarms = [read(resource) for resource in deployment.of_type("AWS::CloudWatch::Alarm")]
    for alarm in alarms:
        for action in (one for actions in alarm.actions.values() for one in actions):
            if action not in topics:
                raise InvalidAlarm(f"{alarm.name}: {action} is no topic of the stack")
    return alarms


def read(resource: Resource) -> Alarm:
    """An alarm; raises `InvalidAlarm` naming what CloudWatch would refuse or has no stand-in here."""
    properties = resource.properties
    try:
        queries.refuse_unknown(properties, KNOWN, resource.logical_id)
        return _read(properties)
    except (InvalidMetric, InvalidExpression, KeyError) as error:
        raise InvalidAlarm(f"{resource.logical_id}: {error}") from error


def _read(properties: dict[str, Any]) -> Alarm:
    lines = _queries(properties)
    returned = [query for query in lines.all if query.returned]
    band = properties.get("ThresholdMetricId")
    watched = [query for query in returned if query.id != band]
    if len(watched) != 1 or (band is not None) != (len(returned) == 2):
        raise InvalidMetric("exactly one metric must be returned, and the band if there is one")
    if (band is None) == (properties.get("Threshold") is None):
        raise InvalidMetric("either Threshold or ThresholdMetricId")
    comparison = properties["ComparisonOperator"]
    if comparison not in (COMPARISONS if band is None else BAND_COMPARISONS):
        raise InvalidMetric(f"ComparisonOperator {comparison} does not fit")
    periods = int(properties["EvaluationPeriods"])
    period_s = max(query.period_s for query in lines.metrics)
    to_alarm = int(properties.get("DatapointsToAlarm", periods))
    if not 1 <= to_alarm <= periods:
        raise InvalidMetric(f"{to_alarm} data points of {periods} periods")
    if period_s * periods > (604_800 if period_s >= 3600 else 86_400):
        raise InvalidMetric(f"{periods} periods of {period_s} s are too long")
    if (missing := properties.get("TreatMissingData", "missing")) not in MISSING:
        raise InvalidMetric(f"TreatMissingData {missing}")
    if len(description := properties["AlarmDescription"]) > MAX_DESCRIPTION:
        raise InvalidMetric(f"a description of {len(description)} characters, {MAX_DESCRIPTION} at most")
    threshold = None if band is not None else float(properties["Threshold"])
    actions = {"ALARM": properties.get("AlarmActions", []), "OK": properties.get("OKActions", [])}
    return Alarm(
        properties["AlarmName"], description, lines, watched[0].id, band, period_s, periods, to_alarm,
        comparison, threshold, missing, actions,
    )


def _queries(properties: dict[str, Any]) -> Queries:
    if "Metrics" in properties:
        if both := properties.keys() & OF_ONE_METRIC:
            raise InvalidMetric(f"Metrics and {', '.join(sorted(both))}")
        return queries.read(properties["Metrics"])
    if ("Statistic" in properties) == ("ExtendedStatistic" in properties):
        raise InvalidMetric("either Statistic or ExtendedStatistic")
    statistic = properties.get("Statistic") or properties["ExtendedStatistic"]
    check_statistic(statistic)
    if statistic.startswith("p") == ("Statistic" in properties):
        raise InvalidMetric(f"{statistic} stands in the wrong property")
    metric, period_s = queries.metric_of(properties), queries.period(properties["Period"])
    return Queries([Query("m", metric.name, True, metric, statistic, period_s)])


def _bounds_text(lower: float | None, upper: float | None) -> str:
    if lower is None or upper is None:
        return ""
    return f"{upper:,.6g}" if lower == upper else f"{lower:,.4g} to {upper:,.4g}"
