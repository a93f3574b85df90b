"""What kept a run from the rate asked."""

from __future__ import annotations

from dataclasses import dataclass

REACHED = 0.99
"""The share of the rate that counts as reached: the producer's start is part of its time."""

BUSY = 0.9


@dataclass(frozen=True)
class Waiting:
    """Lines that waited before each stage when sending ended, and those not sent in time."""

    not_sent: int
    firehose: int
    transform: int
    load: int
    merge: int


NAMES = {
    "not_sent": "the producer and the intake of Firehose",
    "firehose": "Firehose's delivery to S3",
    "transform": "the transform",
    "load": "load and COPY",
    "merge": "the merge",
}


def find(asked: int, sent: int, waiting: Waiting, second: int, merge_due: int, busy: float) -> tuple[bool, str]:
    """Whether the rate was sustained, and in words by what it was limited.

    `asked` and `sent` are lines. A stage keeps up that has at most what comes in `second` and the
    next one before it (lines); the merge, what comes between two of them, `merge_due`. `busy` is the
    share of the processors that were busy.
    """
    excess = {
        "not_sent": waiting.not_sent if sent < REACHED * asked else 0,
        "firehose": waiting.firehose - 2 * second,
        "transform": waiting.transform - 2 * second,
        "load": waiting.load - 2 * second,
        "merge": waiting.merge - 2 * merge_due,
    }
    worst = max(excess, key=lambda name: excess[name])
    if excess[worst] <= 0:
        return True, "the rate asked was sustained; nothing was limited"
    why = f"the processors were {busy:.0%} busy" if busy >= BUSY else f"although the processors were {busy:.0%} busy"
    return False, f"{NAMES[worst]}: {excess[worst]:,} lines more than it keeps up with were waiting; {why}"
