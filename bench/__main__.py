"""python -m bench [--rounds 5] [--count 1000000] [--snowline target/release/snowline]

Compares the transform with other engines. Exit codes: 0 when it was measured, 1 when outputs
differ or a process failed, 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from bench import comparison, report
from bench.measure import ProcessFailed
from bench.places import BENCH, SNOWLINE


def main() -> int:
    """Runs what the arguments say."""
    arguments = arguments_of("bench")
    try:
        compared = comparison.compare(arguments.snowline, arguments.count, arguments.rounds)
    except (comparison.NotEqual, ProcessFailed) as failure:
        sys.stderr.write(f"bench: {failure}\n")
        return 1
    report.write_json(compared, BENCH / "transform.json")
    print(report.printed(compared))
    return 0


def arguments_of(program: str, add: Callable[[argparse.ArgumentParser], None] = lambda _: None) -> argparse.Namespace:
    """The arguments that every measurement takes, and those that one adds."""
    parser = argparse.ArgumentParser(prog=program)
    parser.add_argument("--rounds", type=_positive, default=5, help="rounds that count, after one that warms up")
    parser.add_argument("--count", type=_positive, default=1_000_000, metavar="ORDERS", help="rows of the input")
    parser.add_argument("--snowline", type=Path, default=SNOWLINE, metavar="BINARY", help="the binary to measure")
    add(parser)
    return parser.parse_args()


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least one")
    return number


if __name__ == "__main__":
    sys.exit(main())
