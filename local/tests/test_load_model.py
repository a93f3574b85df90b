"""The queueing model against results that are known exactly, and against a simulation."""

from __future__ import annotations

import heapq
import math
import random
from statistics import fmean

import pytest

from local.load.model import (
    Observation,
    Observed,
    concurrency,
    erlang_c,
    fit,
    gamma_quantile,
    predict,
    stretch,
    wait_s,
)


def test_erlang_c_of_one_and_of_two_servers() -> None:
    """M/M/1: rho. M/M/2: 2 rho^2 / (1 + rho). And a table: ten servers, offered eight: 0.409."""
    for rho in (0.1, 0.5, 0.9):
        assert erlang_c(1, rho) == pytest.approx(rho)
        assert erlang_c(2, rho) == pytest.approx(2 * rho**2 / (1 + rho))
    assert erlang_c(10, 0.8) == pytest.approx(0.409, abs=5e-4)
    assert erlang_c(3, 1.5) == 1


def test_the_stretch_of_two_processors() -> None:
    assert [stretch(2, rho) for rho in (0.0, 0.5, 0.8)] == pytest.approx([1, 1 / 0.75, 1 / 0.36])
    assert stretch(1, 0.5) == pytest.approx(2)
    assert stretch(2, 1.0) == math.inf


def test_waits_that_are_known_exactly() -> None:
    """M/M/1 waits rho s / (1 - rho), M/D/1 half of it (Pollaczek and Khinchine), D/D/1 not at all."""
    assert wait_s(0.8, 1.0, 1, 2.0) == pytest.approx(4.0)
    assert wait_s(0.8, 1.0, 1, 1.0) == pytest.approx(2.0)
    assert wait_s(0.8, 1.0, 1, 0.0) == 0
    assert wait_s(1.0, 1.0, 1, 1.0) == math.inf


@pytest.mark.parametrize(("servers", "rate"), [(1, 0.7), (2, 1.5), (4, 3.0)])
def test_waits_of_even_arrivals_against_a_simulation(servers: int, rate: float) -> None:
    """Arrivals and service are gamma distributed, with a quarter of the variation of exponential ones.

    The approximation is known to be too high where several servers share so even a stream.
    """
    choice = random.Random(1)
    free, at, waits = [0.0] * servers, 0.0, []
    for _ in range(200_000):
        at += choice.gammavariate(4, 1 / (4 * rate))
        begins = max(at, heapq.heappop(free))
        heapq.heappush(free, begins + choice.gammavariate(4, 1 / 4))
        waits.append(begins - at)
    assert wait_s(rate, 1.0, servers, 0.5) == pytest.approx(fmean(waits), rel=0.5)


def test_quantiles_of_an_exponential_time() -> None:
    assert gamma_quantile(1, 1, 0.5) == pytest.approx(math.log(2), rel=0.02)
    assert gamma_quantile(1, 1, 0.99) == pytest.approx(math.log(100), rel=0.02)
    assert gamma_quantile(3, 0, 0.99) == 3


def run(objects_per_s: float, megabytes: float, cpu_s: float = 0.1) -> Observation:
    """What a run shows whose transform takes 10 ms and 5 ms a megabyte alone, its load four times as long."""
    busy = objects_per_s * cpu_s / 2
    alone = 0.010 + 0.005 * megabytes
    stages = {
        name: Observed(alone * times * stretch(2, busy), alone * times * stretch(2, busy), 0.25, servers)
        for name, times, servers in (("transform", 1, 2), ("load", 4, 4))
    }
    return Observation(objects_per_s, megabytes, 0.1, cpu_s, busy, stages)


def test_a_fit_finds_what_runs_were_made_of() -> None:
    model = fit([run(2, 2), run(8, 8)], cores=2)
    for name, times in (("transform", 1), ("load", 4)):
        time = model.stages[name].time
        assert (time.fixed, time.per_megabyte) == pytest.approx((0.010 * times, 0.005 * times))
    expected = predict(model, 5, 4)
    assert expected.busy == pytest.approx(0.25)
    assert expected.utilisation["transform"] == pytest.approx(5 * 0.030 * stretch(2, 0.25) / 2)
    assert expected.mean_s == pytest.approx(0.150 * stretch(2, 0.25), rel=0.02)
    assert 0.8 * expected.mean_s < expected.p50_s < expected.mean_s < expected.p99_s


def test_runs_of_one_size_are_taken_as_proportional() -> None:
    model = fit([run(2, 4), run(4, 4)], cores=2)
    assert model.stages["load"].time.fixed == 0
    assert model.stages["load"].time.at(4) == pytest.approx(0.120)


def test_more_than_the_processors_carry_never_ends() -> None:
    expected = predict(fit([run(4, 4)], cores=2), 25, 4)
    assert expected.busy > 1 and expected.p99_s == math.inf


def test_what_others_take_slows_it_down() -> None:
    alone, shared = (predict(fit([run(4, 4)], 2, others), 4, 4) for others in (0.0, 0.5))
    assert shared.mean_s > 1.5 * alone.mean_s


def test_littles_law() -> None:
    assert concurrency(350, 0.2) == pytest.approx(70)
