"""A small queueing model of the pipeline: what a landing object waits for, and how long.

Landing objects arrive at a rate `objects_per_s`. Each passes the stages in turn, here transform and
load. A stage has `servers` (instances) and takes each for its occupancy; what an object spends in it is
its time. Both are a fixed part and one for each megabyte, fitted by least squares to runs.

**Shared processors.** All stages, and the stand-ins, run on `cores` processors. With the share `rho`
of them busy, everything takes `stretch` times as long as alone: the mean response time of an M/M/m
queue over its service time, 1 + C(m, rho) / (m (1 - rho)), which for two is 1 / (1 - rho^2)
(Kleinrock, Queueing Systems I, 1975, section 3.5). C is Erlang's probability of waiting. On AWS
nothing is shared: a stretch of 1.

**Waiting for a server.** Allen and Cunneen's approximation for G/G/c (Allen, Probability, Statistics
and Queueing Theory, 1990, section 5.4): W = C(c, rho) / (c / s - lambda) * (ca2 + cs2) / 2, with the
squared coefficients of variation of the times between arrivals and of service. Firehose cuts by
size out of a steady stream: arrivals are nearly even, and their `ca2`, measured, well below 1.

**Percentiles.** Of those who wait, the waiting time is taken as exponential, so that E[W^2] = 2 W^2 / C;
stages as independent; the whole as gamma distributed with the mean and the variance that follow, its
quantiles by Wilson and Hilferty (PNAS 17, 1931). Both are rough in the tail.

All is in seconds and megabytes (10^6 bytes) before compression.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import mul
from statistics import NormalDist, fmean

CLOSE_SIZES = 1.2
"""Below this ratio of sizes the fixed part cannot be told from that for each megabyte."""


@dataclass(frozen=True)
class Observed:
    """What a run showed of a stage: means over objects, and the squared variation of the time."""

    time_s: float
    occupancy_s: float
    variation: float
    servers: int


@dataclass(frozen=True)
class Observation:
    """What a run showed. `cpu_s` is the processor time of all an object needed, stand-ins included,
    `busy` the share of the processors that were busy with anything."""

    objects_per_s: float
    megabytes: float
    arrival_variation: float
    cpu_s: float
    busy: float
    stages: dict[str, Observed]


@dataclass(frozen=True)
class Linear:
    """A fixed part and one for each megabyte."""

    fixed: float
    per_megabyte: float

    def at(self, megabytes: float) -> float:
        return self.fixed + self.per_megabyte * megabytes


@dataclass(frozen=True)
class Stage:
    """A stage alone on the machine."""

    time: Linear
    occupancy: Linear
    variation: float
    servers: int


@dataclass(frozen=True)
class Model:
    """The pipeline on a machine of `cores` processors, of which `others` are busy with what is not of it."""

    stages: dict[str, Stage]
    cpu: Linear
    cores: int
    others: float
    arrival_variation: float


@dataclass(frozen=True)
class Prediction:
    """What the model expects; `waits_s` and `utilisation` by stage. Infinite where it cannot keep up."""

    busy: float
    utilisation: dict[str, float]
    waits_s: dict[str, float]
    mean_s: float
    p50_s: float
    p99_s: float


def erlang_c(servers: int, utilisation: float) -> float:
    """The probability that an arrival waits in M/M/c; 1 from saturation on."""
    if utilisation >= 1:
        return 1.0
    offered = servers * utilisation
    blocked = 1.0
    for count in range(1, servers + 1):
        # Erlang's loss formula by its recursion, which does not overflow.
        blocked = offered * blocked / (count + offered * blocked)
    return blocked / (1 - utilisation * (1 - blocked))


def stretch(cores: int, busy: float) -> float:
    """How many times as long work takes where so large a share of the processors is busy."""
    return math.inf if busy >= 1 else 1 + erlang_c(cores, busy) / (cores * (1 - busy))


def wait_s(arrivals_per_s: float, service_s: float, servers: int, variations: float) -> float:
    """The mean wait for a server; `variations` is the sum of those of arrivals and service."""
    utilisation = arrivals_per_s * service_s / servers
    if utilisation >= 1:
        return math.inf
    return erlang_c(servers, utilisation) * service_s / (servers * (1 - utilisation)) * variations / 2


def gamma_quantile(mean: float, variance: float, share: float) -> float:
    """A quantile of the gamma distribution with this mean and variance."""
    if not math.isfinite(mean) or variance <= 0:
        return mean
    shape = mean**2 / variance
    z = NormalDist().inv_cdf(share)
    return mean * max(0.0, 1 - 1 / (9 * shape) + z / (3 * math.sqrt(shape))) ** 3


def fit(observations: Sequence[Observation], cores: int, others: float = 0.0) -> Model:
    """The model that explains runs best. Raises `ValueError` without any."""
    if not observations:
        raise ValueError("no run to fit to")

    def alone(observation: Observation, seconds: float) -> float:
        return seconds / stretch(cores, min(observation.busy, 0.99))

    sizes = [one.megabytes for one in observations]

    def line(of: Callable[[Observation], float]) -> Linear:
        return _line(sizes, [of(one) for one in observations])

    names = observations[0].stages
    stages = {
        name: Stage(
            line(lambda one, name=name: alone(one, one.stages[name].time_s)),
            line(lambda one, name=name: alone(one, one.stages[name].occupancy_s)),
            fmean(one.stages[name].variation for one in observations),
            observations[0].stages[name].servers,
        )
        for name in names
    }
    arrivals = fmean(one.arrival_variation for one in observations)
    return Model(stages, line(lambda one: one.cpu_s), cores, others, arrivals)


def _line(sizes: list[float], values: list[float]) -> Linear:
    """Least squares with no negative part; through the origin where all sizes are about the same."""
    mean_size, mean = fmean(sizes), fmean(values)
    through_origin = Linear(0.0, sum(map(mul, sizes, values)) / sum(size**2 for size in sizes))
    if max(sizes) < CLOSE_SIZES * min(sizes):
        return through_origin
    spread = sum((size - mean_size) ** 2 for size in sizes)
    slope = sum((size - mean_size) * (value - mean) for size, value in zip(sizes, values, strict=True)) / spread
    fixed = mean - slope * mean_size
    if slope < 0:
        return Linear(mean, 0.0)
    return through_origin if fixed < 0 else Linear(fixed, slope)


def predict(model: Model, objects_per_s: float, megabytes: float) -> Prediction:
    """What happens to objects of this size that arrive at this rate."""
    busy = model.others + objects_per_s * model.cpu.at(megabytes) / model.cores
    factor = stretch(model.cores, busy)
    utilisation, waits = {}, {}
    mean = variance = 0.0
    for name, stage in model.stages.items():
        time, occupancy = (part.at(megabytes) * factor for part in (stage.time, stage.occupancy))
        utilisation[name] = objects_per_s * occupancy / stage.servers
        waits[name] = wait_s(objects_per_s, occupancy, stage.servers, model.arrival_variation + stage.variation)
        mean += time + waits[name]
        variance += stage.variation * time**2
        if 0 < waits[name] < math.inf:
            variance += waits[name] ** 2 * (2 / erlang_c(stage.servers, utilisation[name]) - 1)
    quantiles = [gamma_quantile(mean, variance, share) for share in (0.5, 0.99)]
    return Prediction(busy, utilisation, waits, mean, *quantiles)


def concurrency(arrivals_per_s: float, seconds: float) -> float:
    """How many are under way at once: Little's law, L = lambda W."""
    return arrivals_per_s * seconds
