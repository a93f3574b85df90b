"""Runs at lower rates, and the model held against them."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import pairwise
from statistics import fmean
from typing import Any

from local.load.latency import milliseconds, variation
from local.load.model import Observation, Observed, Prediction, fit, predict
from local.load.run import FUNCTIONS, Outcome
from local.load.settings import MEGABYTE, Settings

FEWEST_RATE = 100


def scaled(settings: Settings, summary: dict[str, Any], share: float, seconds: int) -> Settings:
    """Settings of a run at a share of what was sustained."""
    rate = max(FEWEST_RATE, round(summary["rate_published"] * share))
    return replace(settings, rate=rate, seconds=seconds)


def observed(outcome: Outcome) -> tuple[Outcome, Observation]:
    """What a run shows the model."""
    passages = [one for one in outcome.passages if one.queryable is not None]
    seconds = outcome.sent_at - outcome.begun
    sending = [one for one in outcome.samples if one.at <= outcome.sent_at + 1] or outcome.samples
    first, last = sending[0], sending[-1]
    busy, idle = (getattr(last, name) - getattr(first, name) for name in ("machine_busy_s", "machine_idle_s"))
    landed = sorted(one.landed for one in passages)
    gaps = [b - a for a, b in pairwise(landed)]

    def stage(function: str, times: list[float], servers: int) -> Observed:
        occupied = outcome.functions[FUNCTIONS[function]]["billed_ms"] / 1000
        return Observed(fmean(times), occupied / len(passages), variation(times), servers)

    transform = [one.transformed - one.landed for one in passages if one.transformed is not None]
    load = [one.queryable - one.transformed for one in passages if one.queryable and one.transformed]
    settings = outcome.settings
    return outcome, Observation(
        objects_per_s=len(passages) / seconds,
        megabytes=fmean(one.size for one in passages) * outcome.text_a_byte / MEGABYTE,
        arrival_variation=variation(gaps),
        cpu_s=(sum(last.cpu_s.values()) - sum(first.cpu_s.values())) / len(passages),
        busy=busy / max(busy + idle, 0.001),
        stages={
            "transform": stage("transform", transform, settings.transforms),
            "load": stage("load", load, settings.loads),
        },
    )


def model(observed: list[tuple[Outcome, Observation]]) -> dict[str, Any]:
    """Each run next to what the model, fitted to the others, predicts for it."""
    cores = os.cpu_count() or 1
    seen = [observation for _, observation in observed]
    compared = []
    for index, (outcome, observation) in enumerate(observed):
        others = seen[:index] + seen[index + 1 :] or seen
        not_ours = max(0.0, observation.busy - observation.objects_per_s * observation.cpu_s / cores)
        expected = predict(fit(others, cores, not_ours), observation.objects_per_s, observation.megabytes)
        compared.append(_row(outcome, observation, expected))
    whole = fit(seen, cores)
    stages = {
        name: {
            "fixed_ms": round(stage.time.fixed * 1000, 1), "ms_per_mb": round(stage.time.per_megabyte * 1000, 2),
            "occupied_fixed_ms": round(stage.occupancy.fixed * 1000, 1),
            "occupied_ms_per_mb": round(stage.occupancy.per_megabyte * 1000, 2),
            "variation": round(stage.variation, 3),
        }
        for name, stage in whole.stages.items()
    }
    return {"compared": compared, "alone": stages, "cores": cores}


def _row(outcome: Outcome, observation: Observation, expected: Prediction) -> dict[str, Any]:
    measured = milliseconds(
        one.queryable - one.landed for one in outcome.passages if one.queryable is not None
    )

    def finite(seconds: float) -> float | None:
        return round(seconds * 1000, 1) if seconds < 1e6 else None

    return {
        "rate": outcome.settings.rate,
        "objects": len(outcome.passages),
        "megabytes_an_object": round(observation.megabytes, 2),
        "busy": round(observation.busy, 3),
        "predicted_busy": round(min(expected.busy, 9.99), 3),
        "utilisation": {name: round(min(value, 9.99), 3) for name, value in expected.utilisation.items()},
        "waits_ms": {name: finite(value) for name, value in expected.waits_s.items()},
        "p50_ms": measured["p50"], "predicted_p50_ms": finite(expected.p50_s),
        "p99_ms": measured["p99"], "predicted_p99_ms": finite(expected.p99_s),
    }
