"""python -m local.soak.tail [--kills 200] [--seed N] [--out target/soak-tail]

Kills `snowline tail` at random while programs write log files and rotate them in every way, and
accounts for every line. Exit codes are those of local.soak.
"""

from __future__ import annotations

import argparse
import gzip
import heapq
import random
import re
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from local.console import Console
from local.soak.killer import SoakFailed
from local.stack import FunctionFailed
from local.tests import oracle
from local.tests.expected import comparable
from local.tests.log_writers import (
    Writer,
    by_copy,
    by_copy_and_gzip,
    by_rename,
    by_rename_and_gzip,
    by_rename_and_late_gzip,
)
from local.tests.pipeline import Pipeline, Row, deployed, snowline
from local.tests.tail_agent import Agent, first_of_each, wait_until

OUT = Path(__file__).resolve().parents[2] / "target" / "soak-tail"
ROTATIONS = {
    "rename": by_rename,
    "rename-gzip": by_rename_and_gzip,
    "rename-late-gzip": by_rename_and_late_gzip,
    "copy": by_copy,
    "copy-gzip": by_copy_and_gzip,
}
LINES_A_KILL = 250
FEWEST_LINES = 4_000
LIFE_S = (0.0, 1.0)
DEATH_S = (0.0, 0.1)
UNDER_WAY = 4
"""Records that may be sent again after a kill; the agent's default."""

PEACE_S = 120.0
NAMED = 3
STAMPS = {
    "_source_object", "_source_line", "_source_region", "_landed_at", "_contract_version", "_loaded_at", "_merged_at"
}
IN_PEACE = re.compile(r"^\d+ files, 0 bytes behind")


@dataclass(frozen=True)
class Outcome:
    """What a soak of the agent found out. `differences` are what is wrong."""

    seed: int
    kills: int
    differences: list[str]
    lines: int
    rotations: dict[str, int]
    repeated: int
    """Bytes of lines that came to landing again."""
    bound: int
    """So many may, since what was under way at a kill is sent again."""


def soak_tail(
    pipeline: Pipeline, folder: Path, kills: int, seed: int, progress: Callable[[str], None] = lambda _: None
) -> Outcome:
    """Kills the agent so often while files are written and rotated, and says what differs at the end.

    The seed decides lines, bursts, rotations and when a kill is wanted; what it hits is up to the
    machine.
    """
    choice = random.Random(seed)
    logs = folder / "logs"
    logs.mkdir(parents=True)
    agent = Agent(
        [logs / "*.log"], folder / "state", pipeline.stack.outputs["LandingStreamName"], pipeline.stack.environment,
        "--poll", "200ms", "--max-delay", "50ms", "--rotate-wait", "2s", "--status-interval", "500ms",
    )
    lines = orders(max(FEWEST_LINES, kills * LINES_A_KILL), choice.getrandbits(32))
    shares = [lines[at :: len(ROTATIONS)] for at in range(len(ROTATIONS))]
    writers = [
        Writer(logs / f"{name}.log", iter(share), rotate, agent.knows, random.Random(choice.getrandbits(32)))
        for (name, rotate), share in zip(ROTATIONS.items(), shares, strict=True)
    ]
    lives = _kill_while_they_write(pipeline, agent, writers, kills, choice, progress)
    _come_to_rest(pipeline, agent)
    landed = _landed(pipeline)
    written = [line for writer in writers for line in writer.written]
    found = [*_in_landing(landed, writers), *_in_analytics(pipeline, written)]
    repeated = sum(map(len, landed)) - sum(map(len, written))
    bound = sum(sum(heapq.nlargest(UNDER_WAY, life)) for life in lives)
    if repeated > bound:
        found.append(f"{repeated:,} bytes came again, and {bound:,} may")
    rotations = {writer.path.stem: len(writer.generations) - 1 for writer in writers}
    return Outcome(seed, kills, found, len(written), rotations, repeated, bound)


def orders(count: int, seed: int) -> list[bytes]:
    """New orders, each under a key of its own, as JSON lines."""
    generated = snowline(
        "generate", "--count", str(2 * count), "--seed", str(seed), "--bad", "0", "--duplicates", "0",
        "--start", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "--span", "1h",
    ).splitlines(keepends=True)
    first: dict[str, bytes] = {}
    for line in generated:
        order = oracle.validate(line.rstrip(b"\n"))
        if isinstance(order, oracle.Order) and order.is_insert:
            first.setdefault(order.order_id, line)
    return list(first.values())[:count]


def _kill_while_they_write(
    pipeline: Pipeline,
    agent: Agent,
    writers: list[Writer],
    kills: int,
    choice: random.Random,
    progress: Callable[[str], None],
) -> list[list[int]]:
    """Returns how many bytes each call had that the stream took, life by life of the agent."""
    over, lives = threading.Event(), []
    with ThreadPoolExecutor(len(writers)) as pool:
        writing = [pool.submit(writer.run, over) for writer in writers]
        try:
            for count in range(1, kills + 1):
                before = len(_calls(pipeline))
                agent.start()
                time.sleep(choice.uniform(*LIFE_S))
                if not agent.kill():
                    raise SoakFailed("the agent ended by itself:\n" + "\n".join(agent.said))
                progress(f"{count:,} of {kills:,} kills, {sum(len(writer.written) for writer in writers):,} lines")
                time.sleep(choice.uniform(*DEATH_S))
                lives.append(_calls(pipeline)[before:])
        finally:
            over.set()
    for one in writing:
        one.result()
    return lives


def _calls(pipeline: Pipeline) -> list[int]:
    """The bytes of each call that the stream took, in order."""
    measured = pipeline.stack.firehose.measurements
    return [int(value) for _, _, metric, value in list(measured) if metric == "IncomingBytes"]


def _come_to_rest(pipeline: Pipeline, agent: Agent) -> None:
    """Lets the agent take what is left, stop, and find nothing more; then publishes."""
    agent.start()
    wait_until(lambda: bool(agent.said) and IN_PEACE.search(agent.said[-1]) is not None, "the agent at rest", PEACE_S)
    agent.stop()
    last = agent.once()
    if "taken: 0 records" not in last:
        raise SoakFailed(f"there was something left: {last}")
    pipeline.settle()
    for task in ("audit", "merge", "check"):
        pipeline.publish(task, "soak-tail")


def _landed(pipeline: Pipeline) -> list[bytes]:
    """Every line in landing, in the order of its arrival."""
    keys = dict.fromkeys(one.key for one in pipeline.stack.events.history if one.key.startswith("landing/"))
    return [line for key in keys for line in gzip.decompress(pipeline.read(key)).splitlines(keepends=True)]


def _in_landing(landed: list[bytes], writers: list[Writer]) -> list[str]:
    """The lines of each file came in its order, but for those that had come before, and nothing else came."""
    place = {line: at for at, line in enumerate(first_of_each(landed))}
    found = []
    for writer in writers:
        for number, lines in enumerate(writer.generations):
            places = [place.pop(line, None) for line in lines]
            came = [at for at in places if at is not None]
            if len(came) < len(lines) or came != sorted(came):
                what = f"{len(lines) - len(came):,} of {len(lines):,} lines did not come, the others"
                order = "in order" if came == sorted(came) else "in another order"
                found.append(f"{writer.path.name}, rotated {number} times before: {what} {order}")
    return found + ([f"{len(place):,} lines came that nobody wrote: {list(place)[:NAMED]}"] if place else [])


def _in_analytics(pipeline: Pipeline, written: list[bytes]) -> list[str]:
    """Each line is one row with its values."""

    def by_key(rows: list[Row]) -> dict[str, list[Row]]:
        keys: dict[str, list[Row]] = {}
        for row in comparable([{name: row[name] for name in row if name not in STAMPS} for row in rows]):
            keys.setdefault(row["order_id"], []).append(row)
        return keys

    salt = pipeline.salt
    verdicts = [oracle.validate(line.rstrip(b"\n")) for line in written]
    expected = by_key([order.processed_columns(salt) for order in verdicts if isinstance(order, oracle.Order)])
    found = by_key(pipeline.rows("analytics.processed_orders"))
    differing = sorted(key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key))
    return [f"analytics: {key}: {found.get(key)}\n  expected: {expected.get(key)}" for key in differing[:NAMED]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="local.soak.tail", description="Kills snowline tail at random.")
    parser.add_argument("--kills", type=int, default=200, metavar="N", help="how often to kill it")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32), help="decides what chance decides")
    parser.add_argument("--out", type=Path, default=OUT, help="where logs and the lake's run go")
    arguments = parser.parse_args()
    # A plain termination cleans up as Ctrl-C does.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    console, seed = Console(), arguments.seed
    console.title(f"Snowline: {arguments.kills:,} kills of the agent at random, seed {seed}")
    shutil.rmtree(arguments.out, ignore_errors=True)
    run = arguments.out / "run"
    run.mkdir(parents=True)
    try:
        with deployed(run) as pipeline:
            outcome = soak_tail(pipeline, arguments.out, arguments.kills, seed, console.progress)
    except KeyboardInterrupt:
        sys.stderr.write("\nsoak: interrupted; everything it started is stopped\n")
        return 130
    except (AssertionError, SoakFailed, FunctionFailed, TimeoutError) as error:
        sys.stderr.write(f"\nsoak: FAILED: {error}\nsoak: the seed was {seed}\n")
        return 1
    if outcome.differences:
        sys.stderr.write("\nsoak: FAILED: " + "\n".join(outcome.differences) + f"\nsoak: the seed was {seed}\n")
        return 1
    console.text(
        f"Every one of {outcome.lines:,} lines is in analytics, once. {outcome.repeated:,} bytes came to landing"
        f" again, of {outcome.bound:,} that may. Rotations: {outcome.rotations}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
