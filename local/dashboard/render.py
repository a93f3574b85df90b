"""Draws the dashboard that the template deployed, with the course of the alarms and what struck."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from local.aws.cloudformation import REGION
from local.aws.cloudwatch import dashboard, queries
from local.aws.cloudwatch.alarms import Alarm
from local.aws.cloudwatch.dashboard import Widget
from local.aws.cloudwatch.expressions import Band, Value
from local.aws.cloudwatch.metrics import MetricData
from local.dashboard import chart
from local.dashboard.chart import Chart, Line
from local.demo import svg
from local.drill.clock import STEP_S
from local.drill.run import PLAN, Drill

STYLE = Path(__file__).with_name("style.css")
CELL_WIDTH, CELL_HEIGHT = 54.0, 34.0
GAP = 10.0
FAULT_ROW = 17
ALARM_ROW = 20
EVERY_STEPS = 6
_DIMENSION = re.compile(r"\$\{PROP\('Dim\.(\w+)'\)\}")


def picture(drill: Drill) -> str:
    """The SVG."""
    widgets = dashboard.read(drill.pipeline.stack.resources["Dashboard"], REGION)
    top = 40 + FAULT_ROW * len(PLAN) + 32
    height = top + max(widget.y + widget.height for widget in widgets) * CELL_HEIGHT
    width = dashboard.GRID_WIDTH * CELL_WIDTH + GAP
    parts = [
        svg.element("style", STYLE.read_text()),
        svg.element("rect", width=width, height=height, class_="page"),
        _faults(drill, width, top),
    ]
    for widget in widgets:
        x, y = widget.x * CELL_WIDTH + GAP, top + widget.y * CELL_HEIGHT
        size = widget.width * CELL_WIDTH - GAP, widget.height * CELL_HEIGHT - GAP
        parts.append(svg.element("g", _draw(widget, drill, *size), transform=f"translate({x:g} {y:g})"))
    return svg.element(
        "svg", "".join(parts), xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width:g} {height:g}", role="img",
        aria_label="The dashboard of the stack over a drill of its alarms",
    ) + "\n"


def _faults(drill: Drill, width: float, top: float) -> str:
    """What struck when, on the time axis of the charts below."""
    last, left, right = _steps(drill), 250.0, width - 30
    step = (right - left) / last
    parts = [
        svg.element("rect", x=GAP, y=GAP, width=width - 2 * GAP, height=top - 2 * GAP, rx=6, class_="card"),
        svg.text(GAP + 10, 29, "What struck", "title"),
        svg.text(left, 29, "hours and minutes of metric time; each step of five minutes took about a second", "tick"),
    ]
    for index, label in _places(last).items():
        x = left + step * index
        parts.append(svg.line(x, 38, x, top - 32, "grid"))
        parts.append(svg.text(x, top - 19, label, "tick", "middle"))
    for row, (fault, begin) in enumerate(PLAN):
        y = 40 + FAULT_ROW * row
        parts.append(svg.text(left - 10, y + 12, fault.name, "label", "end"))
        parts.append(svg.element("rect", x=left + step * begin, y=y + 3, width=step * fault.steps, height=11, rx=2,
                                 class_="fault"))
        names = ", ".join(sorted(fault.alarms))
        parts.append(svg.text(left + step * (begin + fault.steps) + 6, y + 12, names, "tick")
                     if begin < last * 0.6 else
                     svg.text(left + step * begin - 6, y + 12, names, "tick", "end"))
    return "".join(parts)


def _draw(widget: Widget, drill: Drill, width: float, height: float) -> str:
    if widget.type == "alarm":
        return _alarms(widget, drill, width, height)
    if widget.type == "text":
        return _text(widget.markdown, width, height)
    return chart.draw(chart_of(widget, drill), width, height)


def chart_of(widget: Widget, drill: Drill) -> Chart:
    """The lines and bands of a widget of metrics, over the whole drill."""
    count, data = _steps(drill), drill.monitor.data
    lines: list[Line] = []
    bands: list[tuple[str, Band]] = []
    for query in widget.queries.all:
        if not query.returned:
            continue
        value = widget.queries.values(query.id, data, widget.period_s, drill.clock.now, count)
        if isinstance(value, Band):
            bands.append((query.label, value))
            continue
        for label, series in _named(query.label, query.expression, value, data):
            lines.append(Line(label, series, len(lines) % chart.COLORS, query.id in widget.right))
    return Chart(widget.title, lines, bands, widget.limits, widget.stacked, _places(count), count)


def _named(label: str, expression: str, value: Value, data: MetricData) -> list[tuple[str, Any]]:
    """The time series of a line with their labels; a search has as many as it finds."""
    if not expression.startswith("SEARCH("):
        return [(label, queries.one_series(value))]
    found = queries.find(expression.partition("'")[2].partition("', ")[0], data)
    labels = [_DIMENSION.sub(lambda match, of=metric: dict(of.dimensions)[match[1]], label) for metric in found]
    return list(zip(labels, value, strict=True))  # type: ignore[arg-type]


def _alarms(widget: Widget, drill: Drill, width: float, height: float) -> str:
    """One row an alarm: its state now, and its course."""
    by_name = {alarm.name: alarm for alarm in drill.monitor.alarms.values()}
    alarms = [by_name[arn.partition(":alarm:")[2]] for arn in widget.alarms]
    parts = [
        svg.element("rect", width=width, height=height, rx=6, class_="card"),
        svg.text(10, 17, widget.title, "title"),
        svg.text(64, 17, "state now, and its course: red is ALARM", "tick"),
    ]
    rows = int((height - 30) // ALARM_ROW)
    columns = -(-len(alarms) // rows)
    column_width = (width - 20) / columns
    for index, alarm in enumerate(alarms):
        x, y = 10 + column_width * (index // rows), 27 + ALARM_ROW * (index % rows)
        parts.append(_alarm(alarm, drill, x, y, column_width - 14))
    return "".join(parts)


def _alarm(alarm: Alarm, drill: Drill, x: float, y: float, width: float) -> str:
    count, end = _steps(drill), drill.clock.now
    course_x, course_width = x + 140, width - 140
    scale = course_width / (count * STEP_S)
    parts = [
        svg.element("circle", cx=x + 5, cy=y + 9, r=4.5, class_=alarm.state.lower()),
        svg.text(x + 15, y + 13, alarm.name.removeprefix("snowline-"), "label"),
        svg.element("rect", x=course_x, y=y + 5, width=course_width, height=8, rx=2, class_="course"),
    ]
    changes = [*alarm.changes, None]
    for change, following in zip(changes, changes[1:], strict=False):
        if change is not None and change.state == "ALARM":
            until = following.at if following else end
            begin = course_x + course_width - (end - change.at + STEP_S) * scale
            parts.append(svg.element("rect", x=begin, y=y + 5, width=(until - change.at) * scale, height=8,
                                     class_="alarm"))
    return "".join(parts)


def _text(markdown: str, width: float, height: float) -> str:
    """The heading and the paragraphs; of markdown only what the template uses."""
    parts = [svg.element("rect", width=width, height=height, rx=6, class_="card")]
    y = 17.0
    for paragraph in markdown.split("\n\n"):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", paragraph)
        class_ = "title" if plain.startswith("# ") else "note"
        for line in _wrap(plain.removeprefix("# "), int(width / 5.7)):
            parts.append(svg.text(10, y, line, class_))
            y += 12.5
        y += 3
    return "".join(parts)


def _wrap(text: str, most: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + 1 + len(word) > most:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _steps(drill: Drill) -> int:
    return round((drill.clock.now - drill.clock.start) / STEP_S)


def _places(count: int) -> dict[int, str]:
    minutes = {index: index * STEP_S // 60 for index in range(0, count, EVERY_STEPS)}
    return {index: f"{minute // 60}:{minute % 60:02}" for index, minute in minutes.items()}
