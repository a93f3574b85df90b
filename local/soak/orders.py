"""The landing objects of a soak: orders and their changes, in no good order."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from local.tests import oracle
from local.tests.lake import three_changes
from local.tests.pipeline import snowline

LINES_AN_OBJECT = (2, 10, 40, 150)
BAD_SHARE, DUPLICATE_SHARE, CHANGED_SHARE = 0.02, 0.05, 0.03


def landing_objects(count: int, seed: int) -> list[bytes]:
    """JSON lines of each object. The same seed yields the same, but for the day they begin."""
    choice = random.Random(seed)
    sizes = [choice.choice(LINES_AN_OBJECT) for _ in range(count)]
    generated = snowline(
        "generate", "--count", str(sum(sizes)), "--seed", str(seed), "--bad", str(BAD_SHARE),
        # From now on, so that what is published is fresh however long the soak takes.
        "--duplicates", str(DUPLICATE_SHARE), "--start", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "--span", "24h",
    ).splitlines(keepends=True)
    lines = _with_changes(generated, choice)
    # The changes come on top: the last object takes them.
    sizes[-1] += len(lines) - sum(sizes)
    objects, begin = [], 0
    for size in sizes:
        objects.append(b"".join(lines[begin : begin + size]))
        begin += size
    return objects


def _with_changes(lines: list[bytes], choice: random.Random) -> list[bytes]:
    """Adds changes of some orders; each stands anywhere, also before the order that it changes."""
    placed: list[tuple[float, bytes]] = list(enumerate(lines))
    for line in lines:
        order = oracle.validate(line.rstrip(b"\n"))
        if isinstance(order, oracle.Order) and choice.random() < CHANGED_SHARE:
            placed += [(choice.uniform(0, len(lines)), change) for change in three_changes(order, choice)]
    return [line for _, line in sorted(placed)]
