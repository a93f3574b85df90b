"""How long each stage took: percentiles, whole and over time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from statistics import fmean, pvariance

from local.demo.measurements import percentile
from local.load.flow import Merged, Passage

SHARES = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "max": 1.0}

Times = dict[str, float | None]

STAGES: dict[str, tuple[str, Callable[[Passage], float | None]]] = {
    "firehose": (
        "Firehose: oldest record in, object complete", lambda one: one.landed - one.arrived,
    ),
    "deliver": (
        "of that, compressing and putting the object", lambda one: one.landed - one.closed,
    ),
    "transform": (
        "landed to transformed", lambda one: _between(one.landed, one.transformed),
    ),
    "gather": (
        "transformed to COPY received", lambda one: _between(one.transformed, one.copying),
    ),
    "copy": (
        "COPY received to committed", lambda one: _between(one.copying, one.queryable),
    ),
    "landing_to_queryable": (
        "landed to queryable, all in all", lambda one: _between(one.landed, one.queryable),
    ),
}
"""What each is, and its seconds for an object."""


def _between(begin: float | None, end: float | None) -> float | None:
    return None if begin is None or end is None else end - begin


def by_stage(passages: Sequence[Passage], merges: Iterable[Merged]) -> dict[str, Times]:
    """Milliseconds by stage, over landing objects; of the merge, over merges."""
    found = {name: milliseconds(map(of, passages)) for name, (_, of) in STAGES.items()}
    return found | {"merge": milliseconds(one.ended - one.began for one in merges)}


def milliseconds(seconds: Iterable[float | None]) -> Times:
    """Percentiles of what there is."""
    known = [value for value in seconds if value is not None]
    return {name: _rounded(percentile(known, share)) for name, share in SHARES.items()}


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


def over_time(passages: Sequence[Passage], edges: Sequence[float]) -> dict[str, list[float | None]]:
    """Percentiles of landed to queryable, in milliseconds, of the objects that landed between edges."""
    slots: list[list[float]] = [[] for _ in edges[1:]]
    for one in passages:
        if one.queryable is None:
            continue
        at = next((index for index, end in enumerate(edges[1:]) if one.landed < end), None)
        if at is not None and one.landed >= edges[0]:
            slots[at].append(one.queryable - one.landed)
    return {name: [_rounded(percentile(slot, SHARES[name])) for slot in slots] for name in ("p50", "p99")}


def variation(values: Sequence[float]) -> float:
    """The squared coefficient of variation; 0 for fewer than two values."""
    return pvariance(values) / mean**2 if len(values) > 1 and (mean := fmean(values)) else 0.0
