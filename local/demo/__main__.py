"""python -m local.demo [--dataset orders] [--events 100000] [--seed N] [--out target/demo]

Exit codes: 0 when every row is accounted for, 1 when something failed, 2 for wrong usage,
130 when interrupted.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path

from local.console import Console
from local.dataset import SUFFIX, names, read

SEED = 20_261_122
OUT = Path(__file__).resolve().parents[2] / "target" / "demo"


def main() -> int:
    arguments = _arguments()
    begun, console = time.time(), Console()
    # A plain termination cleans up as Ctrl-C does. A shell lets its background jobs ignore Ctrl-C.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    what = f"{arguments.events:,} events of {arguments.dataset}"
    console.title(f"Snowline: {what} from a producer to trusted tables, on this machine")
    try:
        # Takes seconds; by now the person sees that something happens.
        from local.demo import command

        dataset = read(arguments.dataset)
        return command.demo(console, begun, dataset, arguments.events, arguments.seed, arguments.out)
    except KeyboardInterrupt:
        sys.stderr.write("\ndemo: interrupted; everything it started is stopped\n")
        return 130


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="local.demo", description="The whole pipeline on this machine.")
    parser.add_argument("--dataset", type=_dataset, default="orders", metavar="NAME", help="a contract in contracts/")
    parser.add_argument("--events", type=_count, default=100_000, metavar="N", help="lines to send")
    parser.add_argument("--seed", type=int, default=SEED, help="the same seed yields the same events")
    parser.add_argument("--out", type=Path, default=OUT, help="where summary and report go")
    return parser.parse_args()


def _dataset(text: str) -> str:
    if text not in (known := names()):
        raise argparse.ArgumentTypeError(f"there is no contracts/{text}{SUFFIX}; there is {', '.join(known)}")
    return text


def _count(text: str) -> int:
    if (count := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least one event")
    return count


if __name__ == "__main__":
    sys.exit(main())
