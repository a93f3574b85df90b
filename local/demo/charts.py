"""Charts of values: columns, lines, bars. Colours are classes that the page's style defines."""

from __future__ import annotations

from dataclasses import dataclass

from local.demo import svg

WIDTH = 640
LEFT, RIGHT, TOP, BOTTOM = 46, 40, 10, 24
PLOT_HEIGHT = 170
ROW = 24


@dataclass(frozen=True)
class Series:
    """Values by place on the horizontal axis; None where there is none."""

    name: str
    values: list[float | None]
    class_: str


def columns(label: str, places: list[str], values: list[float], class_: str) -> str:
    """One column a place."""
    scale = svg.ticks(max(values, default=0))
    step = (WIDTH - LEFT - RIGHT) / max(len(places), 1)
    parts = _axes(scale, places)
    for index, (place, value) in enumerate(zip(places, values, strict=True)):
        height = PLOT_HEIGHT * value / scale[-1]
        x, y = LEFT + index * step + step * 0.14, TOP + PLOT_HEIGHT - height
        parts.append(svg.rectangle(x, y, step * 0.72, height, class_, f"{place}: {value:,.0f}"))
    return svg.drawing(label, WIDTH, TOP + PLOT_HEIGHT + BOTTOM, parts)


def lines(label: str, places: list[str], series: list[Series]) -> str:
    """A line a series, named at its end."""
    top = max((value for one in series for value in one.values if value is not None), default=0)
    scale = svg.ticks(top)
    step = (WIDTH - LEFT - RIGHT) / max(len(places), 1)
    parts = _axes(scale, places)
    labels: list[tuple[float, Series]] = []
    for one in series:
        points = [
            (LEFT + (index + 0.5) * step, TOP + PLOT_HEIGHT * (1 - value / scale[-1]), value, places[index])
            for index, value in enumerate(one.values)
            if value is not None
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in points)
        parts.append(svg.element("polyline", points=path, class_=f"line {one.class_}"))
        for x, y, value, place in points:
            tip = svg.element("title", f"{one.name} {place}: {value:,.2f}")
            parts.append(svg.element("circle", tip, cx=x, cy=y, r=2.6, class_=f"dot {one.class_}"))
        if points:
            labels.append((points[-1][1], one))
    x = WIDTH - RIGHT + 2
    for y, one in _apart(labels, 13):
        parts.append(svg.text(x, y + 4, one.name, f"name {one.class_}"))
    return svg.drawing(label, WIDTH, TOP + PLOT_HEIGHT + BOTTOM, parts)


def bars(label: str, rows: list[tuple[str, float, str]], class_: str) -> str:
    """One bar a row: its name, its length, and what stands behind it."""
    names = 12 + 6.8 * max((len(name) for name, _, _ in rows), default=0)
    room = WIDTH - names - 110
    top = max((value for _, value, _ in rows), default=0) or 1
    parts = []
    for index, (name, value, note) in enumerate(rows):
        y, length = index * ROW, room * value / top
        parts.append(svg.text(names - 8, y + 16, name, "label", "end"))
        parts.append(svg.rectangle(names, y + 4, length, ROW - 8, class_, f"{name}: {note}"))
        parts.append(svg.text(names + length + 6, y + 16, note, "value"))
    return svg.drawing(label, WIDTH, max(len(rows), 1) * ROW, parts)


def shares(label: str, rows: list[tuple[str, list[int]]], classes: list[str], names: list[str]) -> str:
    """One bar a row, cut by the shares of its counts."""
    left, right = 46, 84
    parts = []
    for index, (row, counts) in enumerate(rows):
        y, x, total = index * ROW, float(left), sum(counts)
        parts.append(svg.text(left - 8, y + 16, row, "label", "end"))
        for count, class_, name in zip(counts, classes, names, strict=True):
            width = (WIDTH - left - right) * count / max(total, 1)
            if count:
                tip = f"{row} {name}: {count:,} of {total:,} customers, {count / total:.0%}"
                parts.append(svg.rectangle(x, y + 4, width - 1.5, ROW - 8, class_, tip))
            if width > 44:
                parts.append(svg.text(x + 6, y + 16, f"{count / total:.0%}", f"on {class_}"))
            x += width
        parts.append(svg.text(WIDTH - right + 8, y + 16, f"{total:,}", "value"))
    return svg.drawing(label, WIDTH, max(len(rows), 1) * ROW, parts)


def _axes(scale: list[float], places: list[str]) -> list[str]:
    parts = []
    for value in scale:
        y = TOP + PLOT_HEIGHT * (1 - value / scale[-1])
        parts.append(svg.line(LEFT, y, WIDTH - RIGHT, y, "grid" if value else "axis"))
        parts.append(svg.text(LEFT - 6, y + 4, svg.short(value), "tick", "end"))
    step = (WIDTH - LEFT - RIGHT) / max(len(places), 1)
    every = max(1, round(len(places) / 8))
    for index, place in enumerate(places):
        if index % every == 0:
            x = LEFT + (index + 0.5) * step
            parts.append(svg.text(x, TOP + PLOT_HEIGHT + 17, place, "tick", "middle"))
    return parts


def _apart(labels: list[tuple[float, Series]], distance: float) -> list[tuple[float, Series]]:
    """Moves labels that would overlap down."""
    placed: list[tuple[float, Series]] = []
    for y, one in sorted(labels, key=lambda label: label[0]):
        placed.append((max(y, placed[-1][0] + distance) if placed else y, one))
    return placed
