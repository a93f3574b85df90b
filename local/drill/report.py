"""What a drill prints."""

from __future__ import annotations

from local.console import Console
from local.drill.run import Drill

COLUMNS = ["fault", "alarm", "value", "threshold", "raised after, min", "recovered after, min"]


def print_table(console: Console, drill: Drill) -> None:
    """One row a fault and alarm: when it was raised since the fault began, and how long it stood."""
    rows = [
        [
            one.fault, one.alarm, None if one.raised.value is None else round(one.raised.value, 2),
            one.raised.threshold, int(one.raised.at - one.struck) // 60,
            None if one.recovered is None else int(one.recovered.at - one.raised.at) // 60,
        ]
        for one in drill.alarmed
    ]
    console.table("Alarms, by the minutes of metric time", COLUMNS, rows)
    lowered = ", ".join(f"{name} {value}" for name, value in drill.limits.parameters.items())
    console.text(f"All other thresholds are the template's; for the drill: {lowered}.")
