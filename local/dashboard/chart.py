"""One time series chart as CloudWatch draws it: lines or stacked areas, two axes, a band, a legend."""

from __future__ import annotations

from dataclasses import dataclass

from local.aws.cloudwatch.expressions import Band, Series
from local.demo import svg

LEFT, RIGHT, TOP, BOTTOM = 40, 34, 28, 18
LEGEND_ROW = 13
COLORS = 9


@dataclass(frozen=True)
class Line:
    """One line of a chart; `color` is the number of a class."""

    label: str
    values: Series
    color: int
    right: bool = False


@dataclass(frozen=True)
class Chart:
    """What a chart shows; values are by period, `places` names some of the periods."""

    title: str
    lines: list[Line]
    bands: list[tuple[str, Band]]
    limits: tuple[tuple[float, str], ...]
    stacked: bool
    places: dict[int, str]
    count: int


def draw(chart: Chart, width: float, height: float) -> str:
    """The chart on its card."""
    return _Drawing(chart, width, height).draw()


class _Drawing:
    def __init__(self, chart: Chart, width: float, height: float) -> None:
        self._chart = chart
        self._width, self._height = width, height
        self._legend = _legend_rows(chart, width)
        self._plot = height - TOP - BOTTOM - LEGEND_ROW * len(self._legend)
        self._left = svg.ticks(_top(chart, right=False), 3)
        self._right = svg.ticks(_top(chart, right=True), 3)

    def draw(self) -> str:
        chart = self._chart
        parts = [
            svg.element("rect", width=self._width, height=self._height, rx=6, class_="card"),
            svg.text(10, 17, chart.title, "title"),
            *self._axes(),
            *(self._band(band) for _, band in chart.bands),
            *self._lines(),
            *self._limits(),
            *self._legends(),
        ]
        return "".join(parts)

    def _x(self, index: float) -> float:
        return LEFT + (self._width - LEFT - RIGHT) * (index + 0.5) / max(self._chart.count, 1)

    def _y(self, value: float, right: bool = False) -> float:
        top = (self._right if right else self._left)[-1]
        return TOP + self._plot * (1 - min(max(value, 0.0), top) / top)

    def _axes(self) -> list[str]:
        parts = []
        for value in self._left:
            y = self._y(value)
            parts.append(svg.line(LEFT, y, self._width - RIGHT, y, "grid" if value else "axis"))
            parts.append(svg.text(LEFT - 5, y + 3.5, svg.short(value), "tick", "end"))
        if any(line.right for line in self._chart.lines):
            for value in self._right:
                parts.append(svg.text(self._width - RIGHT + 5, self._y(value, True) + 3.5, svg.short(value), "tick"))
        bottom = TOP + self._plot
        for index, place in self._chart.places.items():
            parts.append(svg.text(self._x(index), bottom + 13, place, "tick", "middle"))
        return parts

    def _band(self, band: Band) -> str:
        known = [(index, low, high) for index, (low, high) in enumerate(zip(band.lower, band.upper, strict=True))
                 if low is not None and high is not None]
        there = [f"{self._x(index):.1f},{self._y(high):.1f}" for index, _, high in known]
        back = [f"{self._x(index):.1f},{self._y(low):.1f}" for index, low, _ in reversed(known)]
        return svg.element("polygon", points=" ".join(there + back), class_="band") if known else ""

    def _lines(self) -> list[str]:
        if self._chart.stacked:
            return self._areas()
        parts = []
        for line in self._chart.lines:
            for run in _runs(line.values):
                points = [(self._x(index), self._y(value, line.right)) for index, value in run]
                if len(points) > 1:
                    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
                    parts.append(svg.element("polyline", points=path, class_=f"line s{line.color}"))
                else:
                    parts.append(svg.element("circle", cx=points[0][0], cy=points[0][1], r=2.3,
                                             class_=f"f{line.color}"))
        return parts

    def _areas(self) -> list[str]:
        """One column a period, cut by the lines: gaps stay gaps."""
        parts, step = [], (self._width - LEFT - RIGHT) / max(self._chart.count, 1)
        for index in range(self._chart.count):
            below = 0.0
            for line in self._chart.lines:
                if value := line.values[index]:
                    y, base = self._y(below + value), self._y(below)
                    parts.append(svg.element("rect", x=self._x(index) - step * 0.42, y=y, width=step * 0.84,
                                             height=max(base - y, 0.3), class_=f"f{line.color}"))
                    below += value
        return parts

    def _limits(self) -> list[str]:
        parts = []
        for value, label in self._chart.limits:
            y = self._y(value)
            parts.append(svg.line(LEFT, y, self._width - RIGHT, y, "limit"))
            parts.append(svg.text(self._width - RIGHT, y - 3, label, "tick limit", "end"))
        return parts

    def _legends(self) -> list[str]:
        parts = []
        for row, entries in enumerate(self._legend):
            y = self._height - LEGEND_ROW * (len(self._legend) - row) + 7
            x = 10.0
            for label, class_ in entries:
                parts.append(svg.element("rect", x=x, y=y - 7, width=8, height=8, rx=1.5, class_=class_))
                parts.append(svg.text(x + 11, y, label, "key"))
                x += _entry_width(label)
        return parts


def _top(chart: Chart, right: bool) -> float:
    lines = [line for line in chart.lines if line.right == right]
    if chart.stacked and not right:
        places = zip(*(line.values for line in lines), strict=True)
        return max((sum(filter(None, place)) for place in places), default=0)
    values = [value for line in lines for value in line.values if value is not None]
    if not right:
        values += [value for value, _ in chart.limits]
        values += [value for _, band in chart.bands for value in band.upper if value is not None]
    return max(values, default=0)


def _runs(values: Series) -> list[list[tuple[int, float]]]:
    """Places and values without a gap between them, run by run."""
    runs: list[list[tuple[int, float]]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((index, value))
    return [run for run in runs if run]


def _legend_rows(chart: Chart, width: float) -> list[list[tuple[str, str]]]:
    entries = [(line.label, f"f{line.color}") for line in chart.lines]
    entries += [(label, "band") for label, _ in chart.bands]
    rows: list[list[tuple[str, str]]] = [[]]
    used = 10.0
    for entry in entries:
        if rows[-1] and used + _entry_width(entry[0]) > width - 6:
            rows.append([])
            used = 10.0
        rows[-1].append(entry)
        used += _entry_width(entry[0])
    return rows


def _entry_width(label: str) -> float:
    return 22 + 5.4 * len(label)
