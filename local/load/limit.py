"""What kept a run from the rate asked."""

from __future__ import annotations

REACHED = 0.99
"""The share of the lines asked that counts as all of them: the producer's start is part of its time."""

BUSY = 0.9

NAMES = {
    "firehose": "Firehose's delivery to S3",
    "transform": "the transform",
    "load": "load and COPY",
    "merge": "the merge",
}


def find(
    asked: int, sent: int, held_share: float, waiting: dict[str, float], usual: dict[str, float], busy: float
) -> tuple[bool, str]:
    """Whether the rate was sustained, and in words by what it was limited.

    `asked` and `sent` are lines. `held_share` is the share of the time that the producer was held.
    `waiting` are the lines before each stage, on average while lines were sent; a stage keeps up
    that has no more than what is `usual`. `busy` is the share of the processors that were busy.
    """
    busy_with = f"the processors were {busy:.0%} busy"
    excess = {name: waiting[name] - usual[name] for name in NAMES}
    worst = max(excess, key=lambda name: excess[name])
    if held_share > 0 and excess[worst] <= 0:
        # It was held before anything exceeded its usual: by what waited on its way to staging.
        worst = max(("firehose", "transform", "load"), key=lambda name: waiting[name])
    if excess[worst] > 0 or held_share > 0:
        held = f", for which the producer was held {held_share:.0%} of the time" if held_share > 0 else ""
        return False, f"{NAMES[worst]}: {waiting[worst]:,.0f} lines waited there on average{held}; {busy_with}"
    if sent < REACHED * asked:
        return False, f"the producer and the intake of Firehose, as nothing waited after them; {busy_with}"
    return True, f"the rate asked was sustained; {busy_with}"
