"""Several commands in turn, over several rounds, so that all of them see the machine's moods."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.measure import Run, run
from bench.places import OUT

Contender = Callable[[Path], list[str]]
"""Makes the command that writes into the given folder."""


@dataclass(frozen=True)
class Spread:
    """The median of some figures, and their extremes."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, figures: list[float]) -> Spread:
        """Of at least one figure."""
        return cls(median(figures), min(figures), max(figures))


def in_turn(contenders: Mapping[str, Contender], rounds: int) -> dict[str, list[Run]]:
    """Runs every command once a round, each round beginning with another one.

    A round before the first warms up and is not counted. What the last round wrote stays in
    `folder(name)` until commands run in turn again.
    """
    emptied(OUT)
    names = list(contenders)
    runs: dict[str, list[Run]] = {name: [] for name in names}
    for number in range(rounds + 1):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            _progress(f"round {number} of {rounds}: {name}")
            target = emptied(folder(name))
            measured = run(contenders[name](target), OUT / f"{_slug(name)}.log")
            if number > 0:
                runs[name].append(measured)
    _progress("")
    return runs


def folder(name: str) -> Path:
    """Where a command writes."""
    return OUT / _slug(name)


def ratio(runs: list[Run], to: list[Run], figure: Callable[[Run], float]) -> Spread:
    """How many times as much: round by round, then the median and the extremes."""
    return Spread.of([figure(one) / figure(other) for one, other in zip(runs, to, strict=True)])


def emptied(target: Path) -> Path:
    """Makes an empty folder. Deleting what an earlier round wrote is not what is measured."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    return target


def _slug(name: str) -> str:
    return "".join(character if character.isalnum() else "-" for character in name.lower())


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()
