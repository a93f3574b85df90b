"""Metrics and expressions that refer to one another by id, as in an alarm or a widget."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from local.aws.cloudwatch import anomaly, expressions
from local.aws.cloudwatch.expressions import Band, InvalidExpression, Series, Value
from local.aws.cloudwatch.metrics import InvalidMetric, Metric, MetricData, check_statistic

_ID = re.compile(r"[a-z][A-Za-z0-9_]{0,254}")
_SEARCH = re.compile(r"\{(?P<space>[^,{}]+),(?P<names>[^{}]+)\} MetricName=\"(?P<name>[^\"]+)\"(?P<rest>.*)")
_SEARCH_VALUE = re.compile(r" ([A-Za-z]+)=\"([^\"]+)\"")


@dataclass(frozen=True)
class Query:
    """One line: a statistic of a metric by period, or an expression over other lines."""

    id: str
    label: str
    returned: bool
    metric: Metric | None = None
    statistic: str = ""
    period_s: int = 0
    expression: str = ""


class Queries:
    """Lines that know one another; raises `InvalidExpression` for an id that is none of them."""

    def __init__(self, queries: list[Query]) -> None:
        self.all = queries
        self._by_id = {query.id: query for query in queries}
        if len(self._by_id) < len(queries):
            raise InvalidExpression("an id stands twice")
        for query in queries:
            if not _ID.fullmatch(query.id):
                raise InvalidExpression(f"{query.id!r} is no id")
            if query.expression and (unknown := expressions.ids(query.expression) - self._by_id.keys()):
                raise InvalidExpression(f"no {', '.join(sorted(unknown))}, in {query.expression!r}")

    @property
    def metrics(self) -> list[Query]:
        """The lines that are statistics of a metric."""
        return [query for query in self.all if query.metric is not None]

    def values(self, name: str, data: MetricData, period_s: int, end: float, count: int) -> Value:
        """What a line has in each of the last `count` periods before `end`."""
        query = self._by_id[name]
        if query.metric is not None:
            return data.series(query.metric, query.statistic, query.period_s or period_s, end, count)

        def band_of(of: str, width: float) -> Band:
            # The history reaches as far back as the model looks.
            longer = self.values(of, data, period_s, end, count + anomaly.LAG + anomaly.HISTORY)
            return anomaly.band(one_series(longer), count, width)

        def search(pattern: str, statistic: str, period: int) -> list[Series]:
            return [data.series(found, statistic, period, end, count) for found in find(pattern, data)]

        return expressions.evaluate(
            query.expression, lambda other: self.values(other, data, period_s, end, count), band_of, search
        )


def one_series(value: Value) -> Series:
    """A value that must be one time series."""
    if isinstance(value, list) and not (value and isinstance(value[0], list)):
        return value
    raise InvalidExpression("one time series is needed here")


def find(pattern: str, data: MetricData) -> list[Metric]:
    """The metrics that a search finds: `{Namespace,Dimension,...} MetricName="X" Dimension="value"`."""
    namespace, names, name, wanted = parse_search(pattern)
    return [metric for metric in data.find(namespace, name, names) if wanted.items() <= dict(metric.dimensions).items()]


def parse_search(pattern: str) -> tuple[str, list[str], str, dict[str, str]]:
    """Namespace, names of dimensions, name and wanted values; anything else a search can say is refused."""
    match = _SEARCH.fullmatch(pattern)
    if match is None or _SEARCH_VALUE.sub("", match["rest"]):
        raise InvalidExpression(f"the search {pattern!r} has no stand-in")
    return match["space"], match["names"].split(","), match["name"], dict(_SEARCH_VALUE.findall(match["rest"]))


def read(entries: list[dict[str, Any]]) -> Queries:
    """The `Metrics` of an alarm, or the `MetricDataQueries` of an anomaly detector."""
    return Queries([_read_one(entry) for entry in entries])


def _read_one(entry: dict[str, Any]) -> Query:
    refuse_unknown(entry, {"Id", "Expression", "MetricStat", "Label", "ReturnData"}, "a metric")
    name, label = entry["Id"], entry.get("Label", entry["Id"])
    returned = truth(entry.get("ReturnData", True))
    if ("Expression" in entry) == ("MetricStat" in entry):
        raise InvalidMetric(f"{name}: either Expression or MetricStat")
    if "Expression" in entry:
        return Query(name, label, returned, expression=entry["Expression"])
    statistic = entry["MetricStat"]
    refuse_unknown(statistic, {"Metric", "Period", "Stat"}, name)
    refuse_unknown(statistic["Metric"], {"Namespace", "MetricName", "Dimensions"}, name)
    check_statistic(statistic["Stat"])
    return Query(name, label, returned, metric_of(statistic["Metric"]), statistic["Stat"], period(statistic["Period"]))


def metric_of(properties: dict[str, Any]) -> Metric:
    """The metric of Namespace, MetricName and Dimensions."""
    dimensions = [(one["Name"], one["Value"]) for one in properties.get("Dimensions", [])]
    return Metric.of(properties["Namespace"], properties["MetricName"], dimensions)


def period(value: Any) -> int:
    """A period in seconds; raises `InvalidMetric` for one that CloudWatch refuses."""
    seconds = int(value)
    if seconds not in (10, 30) and (seconds < 60 or seconds % 60):
        raise InvalidMetric(f"a period of {seconds} s: 10, 30 or a multiple of 60")
    return seconds


def truth(value: Any) -> bool:
    """A boolean, which CloudFormation may have made a text."""
    return str(value).lower() == "true"


def refuse_unknown(properties: dict[str, Any], known: set[str], where: str) -> None:
    """Raises `InvalidMetric` naming the properties that have no stand-in."""
    if unknown := properties.keys() - known:
        raise InvalidMetric(f"{where}: {', '.join(sorted(unknown))} has no stand-in")
