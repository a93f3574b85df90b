"""Charts of time: what ran when, and the way of each landing object."""

from __future__ import annotations

from typing import Any

from local.demo import svg

WIDTH = 1320
LEFT, RIGHT, AXIS = 128, 70, 26
ROW = 22
PASSAGE_HEIGHT = 340
PHASES = [
    ("transform_ms", "transform", "transformed"),
    ("gather_ms", "gather", "waited in the queue for its batch"),
    ("copy_ms", "copy", "copied"),
]
LANES = [
    ("TransformFunction", "transform", "transform"),
    ("LoadFunction", "load", "copy"),
    ("PublishFunction", "publish", "publish"),
]


def run(summary: dict[str, Any]) -> str:
    """Stages one below the other, then the invocations of each function and the landings."""
    stages = summary["stages"]
    scale = svg.ticks(max(stage["end_s"] for stage in stages), 10)
    height = (len(stages) + 1 + len(LANES)) * ROW + 14
    parts = _axis(scale, height, "s")
    for index, stage in enumerate(stages):
        seconds = stage["end_s"] - stage["begin_s"]
        x, width = _x(stage["begin_s"], scale), _x(stage["end_s"], scale) - _x(stage["begin_s"], scale)
        y = index * ROW
        parts.append(svg.text(LEFT - 10, y + 15, stage["stage"], "label", "end"))
        parts.append(svg.rectangle(x, y + 4, width, ROW - 8, "stage", f"{stage['stage']}: {seconds:.2f} s"))
        parts.append(svg.text(x + max(width, 1) + 6, y + 15, f"{seconds:.2f} s", "value"))
    top = len(stages) * ROW + 10
    parts.append(svg.line(0, top - 3, WIDTH - RIGHT, top - 3, "grid"))
    parts.append(svg.text(LEFT - 10, top + 15, "objects landed", "label", "end"))
    for one in summary["objects"]:
        tip = f"{one['key'].rpartition('/')[2]}: {one['rows']:,} accepted rows"
        parts.append(svg.rectangle(_x(one["landed_s"], scale) - 1.5, top + 4, 3, ROW - 8, "landing", tip))
    for index, (function, name, class_) in enumerate(LANES, start=1):
        parts.append(svg.text(LEFT - 10, top + index * ROW + 15, name, "label", "end"))
        for one in summary["invocations"]:
            if one["function"] == function:
                x = _x(one["begin_s"], scale)
                tip = f"{name}: {(one['end_s'] - one['begin_s']) * 1000:,.0f} ms"
                width = _x(one["end_s"], scale) - x
                parts.append(svg.rectangle(x, top + index * ROW + 4, width, ROW - 8, f"{class_} many", tip))
    return svg.drawing("When each stage and each invocation ran", WIDTH, height + AXIS, parts)


def passages(objects: list[dict[str, Any]]) -> str:
    """One bar a landing object, in the order of landing, cut into its phases."""
    longest = max((one["landing_to_queryable_ms"] for one in objects), default=0)
    scale = svg.ticks(longest, 8)
    row = min(ROW, PASSAGE_HEIGHT / max(len(objects), 1))
    height = row * len(objects) + 4
    parts = _axis(scale, height, "ms")
    for index, one in enumerate(objects):
        y, elapsed = index * row, 0.0
        if row >= 12:
            parts.append(svg.text(LEFT - 10, y + row / 2 + 4, f"object {index + 1}", "label", "end"))
        for field, class_, what in PHASES:
            x, end = _x(elapsed, scale), _x(elapsed + one[field], scale)
            tip = f"object {index + 1} ({one['rows']:,} rows): {what}, {one[field]:,.0f} ms"
            parts.append(svg.rectangle(x, y + row * 0.15, end - x - 0.8, row * 0.7, class_, tip))
            elapsed += one[field]
        if row >= 12:
            total = f"{one['landing_to_queryable_ms']:,.0f}"
            parts.append(svg.text(_x(elapsed, scale) + 6, y + row / 2 + 4, total, "value"))
    return svg.drawing("From landed to queryable, by landing object", WIDTH, height + AXIS, parts)


def _x(value: float, scale: list[float]) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * value / scale[-1]


def _axis(scale: list[float], height: float, unit: str) -> list[str]:
    parts = []
    for value in scale:
        x = _x(value, scale)
        parts.append(svg.line(x, 0, x, height, "grid" if value else "axis"))
        parts.append(svg.text(x, height + 17, f"{value:,g} {unit}", "tick", "middle"))
    return parts
