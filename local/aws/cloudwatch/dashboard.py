"""The body of a dashboard, read as strictly as the documented structure: a property that it does not
have, or that has no stand-in, is an error, where the console would show an empty widget."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from local.aws.cloudformation import Resource
from local.aws.cloudwatch.expressions import InvalidExpression
from local.aws.cloudwatch.metrics import InvalidMetric, Metric, check_statistic
from local.aws.cloudwatch.queries import Queries, Query, period, refuse_unknown

GRID_WIDTH = 24
MAX_HEIGHT = 1000
MAX_WIDGETS = 500
MAX_METRICS = 500
PROPERTIES = {
    "metric": {"title", "region", "view", "stat", "period", "stacked", "metrics", "annotations"},
    "alarm": {"title", "alarms"},
    "text": {"markdown"},
}
LINE = {"id", "label", "stat", "period", "visible", "yAxis", "expression"}


class InvalidDashboard(ValueError):
    """CloudWatch would refuse the body, or it uses what has no stand-in."""


@dataclass(frozen=True)
class Widget:
    """One widget at its place on the grid; what does not belong to its type is empty."""

    type: str
    x: int
    y: int
    width: int
    height: int
    title: str = ""
    queries: Queries = field(default_factory=lambda: Queries([]))
    period_s: int = 300
    stacked: bool = False
    right: frozenset[str] = frozenset()
    """The lines that belong to the axis on the right, by id."""
    limits: tuple[tuple[float, str], ...] = ()
    """Horizontal annotations: value and label."""
    alarms: tuple[str, ...] = ()
    markdown: str = ""


def read(resource: Resource, region: str) -> list[Widget]:
    """The widgets of a dashboard; raises `InvalidDashboard` naming the widget and what is wrong."""
    body = json.loads(resource.properties["DashboardBody"])
    if unknown := body.keys() - {"widgets"}:
        raise InvalidDashboard(f"{', '.join(sorted(unknown))} has no stand-in")
    if len(body["widgets"]) > MAX_WIDGETS:
        raise InvalidDashboard(f"{len(body['widgets'])} widgets, {MAX_WIDGETS} at most")
    widgets = []
    for number, widget in enumerate(body["widgets"]):
        title = widget.get("properties", {}).get("title", f"widget {number}")
        try:
            widgets.append(_read_widget(widget, region))
        except (InvalidMetric, InvalidExpression, KeyError) as error:
            raise InvalidDashboard(f"{title}: {error}") from error
    _check_places(widgets)
    return widgets


def _read_widget(widget: dict[str, Any], region: str) -> Widget:
    refuse_unknown(widget, {"type", "x", "y", "width", "height", "properties"}, "a widget")
    kind, properties = widget["type"], widget["properties"]
    if kind not in PROPERTIES:
        raise InvalidMetric(f"a widget of type {kind} has no stand-in")
    refuse_unknown(properties, PROPERTIES[kind], kind)
    place = [widget[name] for name in ("x", "y", "width", "height")]
    if not all(isinstance(one, int) for one in place):
        raise InvalidMetric(f"x, y, width and height must be whole numbers: {place}")
    if kind == "alarm":
        return Widget(kind, *place, title=properties["title"], alarms=tuple(properties["alarms"]))
    if kind == "text":
        return Widget(kind, *place, markdown=properties["markdown"])
    if properties["region"] != region:
        raise InvalidMetric(f"the region {properties['region']!r} is not that of the stack")
    if properties["view"] != "timeSeries":
        raise InvalidMetric(f"the view {properties['view']} has no stand-in")
    if not 1 <= len(properties["metrics"]) <= MAX_METRICS:
        raise InvalidMetric(f"{len(properties['metrics'])} metrics, 1 to {MAX_METRICS} are possible")
    queries, right = _lines(properties)
    return Widget(
        kind, *place, title=properties["title"], queries=queries, period_s=period(properties["period"]),
        stacked=properties.get("stacked", False), right=right, limits=tuple(_limits(properties)),
    )


def _lines(properties: dict[str, Any]) -> tuple[Queries, frozenset[str]]:
    queries, right = [], set()
    for number, entry in enumerate(properties["metrics"]):
        options = entry[-1] if isinstance(entry[-1], dict) else {}
        refuse_unknown(options, LINE, str(entry))
        query = _line(entry, options, properties, f"line{number}")
        queries.append(query)
        if (axis := options.get("yAxis", "left")) not in ("left", "right"):
            raise InvalidMetric(f"yAxis {axis}")
        if axis == "right":
            right.add(query.id)
    return Queries(queries), frozenset(right)


def _line(entry: list[Any], options: dict[str, Any], properties: dict[str, Any], default_id: str) -> Query:
    visible, name = options.get("visible", True), options.get("id", default_id)
    if "expression" in options:
        if len(entry) > 1:
            raise InvalidMetric(f"a metric and an expression: {entry}")
        return Query(name, options.get("label", name), visible, expression=options["expression"])
    names = entry[:-1] if options else entry
    if len(names) < 2 or len(names) % 2 or not all(isinstance(one, str) for one in names):
        raise InvalidMetric(f"namespace, name, and dimensions in pairs: {entry}")
    metric = Metric.of(names[0], names[1], zip(names[2::2], names[3::2], strict=True))
    statistic = options.get("stat", properties["stat"])
    check_statistic(statistic)
    period_s = period(options.get("period", properties["period"]))
    return Query(name, options.get("label", metric.name), visible, metric, statistic, period_s)


def _limits(properties: dict[str, Any]) -> Iterator[tuple[float, str]]:
    annotations = properties.get("annotations", {})
    refuse_unknown(annotations, {"horizontal"}, "annotations")
    for one in annotations.get("horizontal", []):
        refuse_unknown(one, {"value", "label"}, "a horizontal annotation")
        yield float(one["value"]), one["label"]


def _check_places(widgets: list[Widget]) -> None:
    taken: dict[tuple[int, int], Widget] = {}
    for widget in widgets:
        if widget.x < 0 or widget.x + widget.width > GRID_WIDTH or not 1 <= widget.height <= MAX_HEIGHT:
            raise InvalidDashboard(f"{widget.title}: outside of the grid")
        for x in range(widget.x, widget.x + widget.width):
            for y in range(widget.y, widget.y + widget.height):
                if other := taken.get((x, y)):
                    raise InvalidDashboard(f"{widget.title}: lies on {other.title}")
                taken[x, y] = widget
