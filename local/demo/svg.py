"""The little SVG the charts need: elements, round axis ticks, short numbers."""

from __future__ import annotations

import math
from html import escape


def element(tag: str, content: str = "", **attributes: object) -> str:
    """An element; `class_` is class, and underscores stand for hyphens."""
    named = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    text = "".join(f' {name}="{escape(_number(value))}"' for name, value in named.items())
    return f"<{tag}{text}>{content}</{tag}>"


def text(x: float, y: float, content: str, class_: str = "", anchor: str = "start") -> str:
    """Text with its baseline at y."""
    return element("text", escape(content), x=x, y=y, class_=class_, text_anchor=anchor)


def rectangle(x: float, y: float, width: float, height: float, class_: str, tip: str = "") -> str:
    """A rectangle, never thinner than can be seen; `tip` shows when pointed at."""
    shape = {"x": x, "y": y, "width": max(width, 1.0), "height": max(height, 0.5), "class_": class_}
    return element("rect", element("title", escape(tip)) if tip else "", **shape)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> str:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def drawing(label: str, width: float, height: float, parts: list[str]) -> str:
    """A drawing that scales with its place; `label` is what a screen reader says."""
    view_box = f"0 0 {width:g} {height:g}"
    return element("svg", "".join(parts), viewBox=view_box, role="img", aria_label=label)


def ticks(top: float, count: int = 4) -> list[float]:
    """Round values from 0 to the first one not below `top`."""
    if top <= 0:
        return [0, 1]
    raw = top / count
    unit = 10 ** math.floor(math.log10(raw))
    step = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= raw * 0.999)
    return [step * index for index in range(math.ceil(top / step - 1e-9) + 1)]


def short(value: float) -> str:
    """1,234,000 as 1.23M, for axes."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def _number(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
