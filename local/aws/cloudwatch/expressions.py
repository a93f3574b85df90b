"""Metric math: the arithmetic and the functions that the template uses, and no others.

A value is a number, a time series (a list with None where there is no data), several time series,
or a band. As in the service, arithmetic with a missing value, and a division by zero, yields none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

Series = list[float | None]


class InvalidExpression(ValueError):
    """An expression that cannot be read, or uses what has no stand-in."""


@dataclass(frozen=True)
class Band:
    """What is usual at each place, from `lower` to `upper`."""

    lower: Series
    upper: Series


Value = float | Series | list[Series] | Band
BandOf = Callable[[str, float], Band]
Search = Callable[[str, str, int], list[Series]]

_TOKEN = re.compile(r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:e-?\d+)?)|(?P<name>[A-Za-z][A-Za-z0-9_]*)"
                    r"|(?P<text>'(?:[^'\\]|\\.)*')|(?P<mark>[-+*/(),\[\]]))")
FUNCTIONS = ("FILL", "MAX", "MIN", "SUM", "AVG", "ANOMALY_DETECTION_BAND", "SEARCH")


def _no_search(*_: object) -> list[Series]:
    raise InvalidExpression("an alarm cannot use SEARCH")


def evaluate(
    expression: str, look_up: Callable[[str], Value], band_of: BandOf, search: Search = _no_search
) -> Value:
    """The value of an expression; `look_up` gives the value of an id.

    `band_of` gives the band of an id and a width, `search` the time series that a search finds.
    """
    return _Reader(expression, look_up, band_of, search).read()


def ids(expression: str) -> set[str]:
    """The ids that an expression refers to."""
    found: set[str] = set()

    def look_up(name: str) -> Value:
        found.add(name)
        return [None]

    def band_of(name: str, _width: float) -> Band:
        found.add(name)
        return Band([None], [None])

    evaluate(expression, look_up, band_of, lambda *_: [[None]])
    return found


class _Reader:
    """Reads by recursive descent and computes as it goes."""

    def __init__(self, text: str, look_up: Callable[[str], Value], band_of: BandOf, search: Search) -> None:
        self._text = text
        self._look_up, self._band_of, self._search = look_up, band_of, search
        self._tokens = list(_tokens(text))
        self._at = 0

    def read(self) -> Value:
        value = self._sum()
        if self._peek():
            raise self._error(f"unexpected {self._peek()}")
        return value

    def _sum(self) -> Value:
        value = self._product()
        while (mark := self._peek()) in ("+", "-"):
            self._take()
            value = _apply(mark, value, self._product())
        return value

    def _product(self) -> Value:
        value = self._factor()
        while (mark := self._peek()) in ("*", "/"):
            self._take()
            value = _apply(mark, value, self._factor())
        return value

    def _factor(self) -> Value:
        token = self._take()
        if token == "-":
            return _apply("-", 0.0, self._factor())
        if token == "(":
            value = self._sum()
            self._expect(")")
            return value
        if token == "[":
            return self._list("]")
        if token[0].isdigit():
            return float(token)
        if not token[0].isalpha():
            raise self._error(f"unexpected {token or 'end'}")
        if self._peek() == "(":
            return self._call(token)
        if not token[0].islower():
            raise self._error(f"{token} is no id: one starts with a lower-case letter")
        return self._look_up(token)

    def _call(self, function: str) -> Value:
        if function not in FUNCTIONS:
            raise self._error(f"the function {function} has no stand-in")
        self._expect("(")
        if function == "ANOMALY_DETECTION_BAND":
            name = self._take()
            self._expect(",")
            width = float(self._take())
            self._expect(")")
            return self._band_of(name, width)
        if function == "SEARCH":
            pattern = self._take()[1:-1]
            self._expect(",")
            statistic = self._take()[1:-1]
            self._expect(",")
            period = int(self._take())
            self._expect(")")
            return self._search(pattern, statistic, period)
        if function == "FILL":
            series = self._sum()
            self._expect(",")
            filler = self._sum()
            self._expect(")")
            if not isinstance(filler, float):
                raise self._error("FILL with something else than a number has no stand-in")
            return [filler if one is None else one for one in _one_series(series, function)]
        value = self._sum()
        self._expect(")")
        return _across(function, value)

    def _list(self, end: str) -> list[Series]:
        values = [self._sum()]
        while self._peek() == ",":
            self._take()
            values.append(self._sum())
        self._expect(end)
        return [_one_series(value, "a list") for value in values]

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        if not token:
            raise self._error("it ends too early")
        self._at += 1
        return token

    def _expect(self, mark: str) -> None:
        if (token := self._take()) != mark:
            raise self._error(f"{mark} expected, not {token}")

    def _error(self, what: str) -> InvalidExpression:
        return InvalidExpression(f"{what}, in {self._text!r}")


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise InvalidExpression(f"cannot read {text[at:]!r}, in {text!r}")
        found.append(match.group().strip())
        at = match.end()
    return found


def _one_series(value: Value, where: str) -> Series:
    if isinstance(value, list) and not (value and isinstance(value[0], list)):
        return value
    raise InvalidExpression(f"{where} needs a time series")


def _apply(mark: str, left: Value, right: Value) -> Value:
    if isinstance(left, float) and isinstance(right, float):
        (answer,) = _apply(mark, [left], [right])
        return math.nan if answer is None else answer
    if isinstance(left, float):
        left = [left] * len(_one_series(right, mark))
    if isinstance(right, float):
        right = [right] * len(_one_series(left, mark))
    pairs = zip(_one_series(left, mark), _one_series(right, mark), strict=True)
    return [None if a is None or b is None else _number(mark, a, b) for a, b in pairs]


def _number(mark: str, a: float, b: float) -> float | None:
    match mark:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
    return a / b if b else None


def _across(function: str, value: Value) -> Value:
    """MAX and the like: of several time series, at each place; of one, over all places."""
    combine: dict[str, Callable[[list[float]], float]] = {
        "MAX": max, "MIN": min, "SUM": math.fsum, "AVG": lambda values: math.fsum(values) / len(values),
    }
    if isinstance(value, float | Band):
        raise InvalidExpression(f"{function} needs time series")
    if value and isinstance(value[0], list):
        places = [[one for one in place if one is not None] for place in zip(*value, strict=True)]
        return [combine[function](place) if place else None for place in places]
    known = [one for one in _one_series(value, function) if one is not None]
    return combine[function](known) if known else math.nan
