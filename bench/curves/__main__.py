"""python -m bench.curves [--rounds 5] [--count 1000000] [--largest] [--snowline target/release/snowline]

Measures the transform by threads, compression, size of the object and width of the contract. Exit codes: 0 when it was
measured, 1 when a process failed or the disk is too small, 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import json
import sys

from bench import data, machine
from bench.__main__ import arguments_of
from bench.curves import contracts, gzip_input, memory, small_objects, threads
from bench.curves.section import Section, Setting
from bench.measure import ProcessFailed
from bench.places import BENCH
from bench.report import machine_line, table


def main() -> int:
    """Runs all of them; prints each as soon as it is measured."""
    arguments = arguments_of("bench.curves", _add_largest)
    orders = data.generate(arguments.snowline, arguments.count)
    setting = Setting(arguments.snowline, orders, arguments.rounds)
    print(f"{orders.rows:,} orders, {orders.bytes / 1e6:.1f} MB of JSON lines; medians of {setting.rounds} rounds")
    print(machine_line())
    sections = []
    try:
        for curve in (threads.curve, gzip_input.curve, small_objects.curve, contracts.curve):
            sections.append(_printed(curve(setting)))
        sections.append(_printed(memory.curve(setting, arguments.largest)))
    except (ProcessFailed, memory.DiskTooSmall) as failure:
        sys.stderr.write(f"bench: {failure}\n")
        return 1
    document = {"machine": machine.describe(), "commit": machine.commit(), "input": data.describe(orders)}
    document |= {section.title: section.document() for section in sections}
    (BENCH / "curves.json").write_text(json.dumps(document, indent=2) + "\n")
    return 0


def _add_largest(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--largest", action="store_true", help="also an object of 5 GB, which needs 7.5 GB of disk")


def _printed(section: Section) -> Section:
    print("", *table([section.head, *section.rows]), sep="\n", flush=True)
    return section


if __name__ == "__main__":
    sys.exit(main())
