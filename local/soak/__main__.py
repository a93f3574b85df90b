"""python -m local.soak [--kills 500] [--seed N] [--out target/soak]

Exit codes: 0 when every row is where it belongs, 1 when one is not or something failed that was not
killed, 2 for wrong usage, 130 when interrupted.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import sys
from pathlib import Path

from local.console import Console
from local.soak.killer import SoakFailed
from local.soak.run import soak
from local.soak.summary import show, summarise
from local.stack import FunctionFailed
from local.tests.pipeline import deployed

OUT = Path(__file__).resolve().parents[2] / "target" / "soak"


def main() -> int:
    arguments = _arguments()
    # A plain termination cleans up as Ctrl-C does. A shell lets its background jobs ignore Ctrl-C.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        return _soak(Console(), arguments.kills, arguments.seed, arguments.out)
    except KeyboardInterrupt:
        sys.stderr.write("\nsoak: interrupted; everything it started is stopped\n")
        return 130
    except (SoakFailed, FunctionFailed, TimeoutError) as error:
        return _fail(str(error), arguments.seed)


def _soak(console: Console, kills: int, seed: int, out: Path) -> int:
    console.title(f"Snowline: {kills:,} kills of functions at random, seed {seed}")
    shutil.rmtree(out, ignore_errors=True)
    run = out / "run"
    run.mkdir(parents=True)
    with deployed(run) as pipeline:
        outcome = soak(pipeline, kills, seed, console.progress)
        summary = summarise(pipeline, outcome)
    (out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    show(console, summary)
    if outcome.differences:
        return _fail("\n".join(outcome.differences), seed)
    seconds = summary["seconds"]
    console.text(
        f"Every row is where it belongs, once. Killing took {seconds['kill']:.0f} s, coming to rest"
        f" {seconds['settle']:.0f} s, comparing {seconds['compare']:.0f} s.\nFigures: {out / 'summary.json'}"
    )
    return 0


def _fail(message: str, seed: int) -> int:
    sys.stderr.write(f"\nsoak: FAILED: {message}\nsoak: the seed was {seed}\n")
    return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="local.soak", description="Kills functions at random while orders flow.")
    parser.add_argument("--kills", type=_count, default=500, metavar="N", help="processes to kill")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32), help="decides what chance decides")
    parser.add_argument("--out", type=Path, default=OUT, help="where logs and summary go")
    return parser.parse_args()


def _count(text: str) -> int:
    if (count := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least one kill")
    return count


if __name__ == "__main__":
    sys.exit(main())
