"""One soak from its first object to its verdict."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from threading import Event

from local.soak.killer import FUNCTIONS, Killer
from local.soak.orders import landing_objects
from local.soak.traffic import AHEAD, Airflow, Producer, Redelivery, Replay
from local.soak.verify import differences
from local.stack import FunctionFailed
from local.tests.pipeline import Pipeline

FEWEST_OBJECTS = 2 * AHEAD


@dataclass(frozen=True)
class Outcome:
    """All that a soak found out. `differences` are what is wrong; `seconds` are of each part."""

    seed: int
    differences: list[str]
    seconds: dict[str, float]
    killer: Killer
    producer: Producer
    redelivery: Redelivery
    airflow: Airflow
    replay: Replay
    lines: int


def soak(pipeline: Pipeline, kills: int, seed: int, progress: Callable[[str], None] = lambda _: None) -> Outcome:
    """Kills so many processes of a deployed pipeline while orders flow, and says what differs at the end.

    The seed decides orders, order of arrival and what the killer wants; which instruction a kill
    hits is up to the machine. Raises `SoakFailed` or `FunctionFailed` when something fails meanwhile
    that was not killed, `TimeoutError` when what is no longer disturbed does not come to rest.
    """
    choice = random.Random(seed)
    objects = landing_objects(max(FEWEST_OBJECTS, kills), choice.getrandbits(32))

    def own_choice() -> random.Random:
        return random.Random(choice.getrandbits(32))

    producer = Producer(pipeline, objects, own_choice())
    redelivery, airflow = Redelivery(pipeline, own_choice()), Airflow(pipeline, own_choice())
    replay, killer = Replay(pipeline), Killer(pipeline.stack, kills, choice.getrandbits(32))

    # In peace, so that there is something to redeliver, to audit and to check.
    producer.land(AHEAD)
    pipeline.settle()
    airflow.task("merge", "soak-first")

    def on_kill(count: int) -> None:
        producer.share_wanted = count / kills
        progress(f"{count:,} of {kills:,} kills, {producer.landed:,} of {len(objects):,} objects landed")

    begun = time.monotonic()
    killing = [partial(killer.run, function, on_kill=on_kill) for function in FUNCTIONS]
    _at_once([*killing, producer.run, redelivery.run, airflow.run, replay.run])
    disturbed = time.monotonic()
    producer.land()
    found = _settle(pipeline, airflow, replay)
    settled = time.monotonic()
    lines = [line for one in objects for line in one.splitlines(keepends=True)]
    found += differences(pipeline, lines)
    seconds = {"kill": disturbed - begun, "settle": settled - disturbed, "compare": time.monotonic() - settled}
    return Outcome(seed, found, seconds, killer, producer, redelivery, airflow, replay, len(lines))


def _at_once(parts: list[Callable[[Event], None]]) -> None:
    """Runs all of them until one says that it is over or fails; all have ended then."""
    over = Event()
    with ThreadPoolExecutor(len(parts)) as pool:
        running = [pool.submit(part, over) for part in parts]
        try:
            wait(running, return_when=FIRST_EXCEPTION)
        finally:
            over.set()
    for one in running:
        one.result()


def _settle(pipeline: Pipeline, airflow: Airflow, replay: Replay) -> list[str]:
    """Lets everything come to rest, what was parked too, and publishes; returns what publishing finds amiss."""
    pipeline.settle()
    while replay.replay():
        pipeline.settle()
    try:
        audit = airflow.task("audit", "soak-last")
        airflow.task("merge", "soak-last")
        again = airflow.task("merge", "soak-again")
        airflow.task("check", "soak-last")
    except FunctionFailed as failure:
        return [str(failure)]
    changes = {name: again[name] for name in ("inserted", "updated", "deleted") if again[name]}
    return [
        *([f"the last audit still waits for objects: {audit}"] if audit["pending"] else []),
        *([f"a merge right after another changes something: {changes}"] if changes else []),
    ]
