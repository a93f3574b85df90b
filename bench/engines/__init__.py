"""The engines, as commands: each conversion is a process of its own.

A module of this package is one engine; this one imports none of them, see `bench.measure`.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench import machine
from bench.places import ARROW_RS, ARROW_RS_LOCK, SNOWLINE
from bench.widths import Width

Command = Callable[[Path, Path], list[str]]
"""The command that reads a file and writes into a folder."""

OURS = "snowline"
SALT = "a salt of the bench"


@dataclass(frozen=True)
class Engine:
    """One engine: its name and version, and how to start it."""

    name: str
    version: str
    command: Command


def all_engines(snowline: Path, threads: int) -> list[Engine]:
    """Ours, and those we compare with."""
    peers = [_python("DuckDB", "duckdb", threads), _python("Polars", "polars", threads)]
    return [_snowline(snowline), *peers, _python("pyarrow", "pyarrow", threads), _arrow_rs(threads)]


def output(folder: Path) -> Path:
    """The file that an engine other than ours writes."""
    return folder / "orders.parquet"


def _snowline(binary: Path) -> Engine:
    def command(orders: Path, folder: Path) -> list[str]:
        return transform(binary, folder, [orders])

    # Nobody but its owner knows what another binary was built from.
    return Engine(OURS, machine.commit() if binary == SNOWLINE else binary.name, command)


def transform(
    binary: Path, folder: Path, inputs: list[Path], *options: str, contract: str = "orders"
) -> list[str]:
    """Our command, with as many threads as there are processors unless an option says other."""
    salt = folder.parent / "salt"
    salt.write_text(SALT)
    fixed = ["transform", "--contract", contract, "--hash-salt-file", str(salt), "--out", str(folder)]
    return [str(binary), *fixed, *options, *map(str, inputs)]


def _python(name: str, package: str, threads: int) -> Engine:
    def command(orders: Path, folder: Path) -> list[str]:
        module = f"bench.engines.{package}"
        return [sys.executable, "-m", module, str(orders), str(output(folder)), str(threads)]

    return Engine(name, version(package), command)


def duckdb_over(width: Width, threads: int) -> Callable[[Path], list[str]]:
    """DuckDB over records that are no orders."""

    def command(folder: Path) -> list[str]:
        columns = folder / "columns.json"
        columns.write_text(json.dumps(width.columns))
        files = [width.records, output(folder), threads, columns]
        return [sys.executable, "-m", "bench.engines.duckdb", *map(str, files)]

    return command


def _arrow_rs(threads: int) -> Engine:
    def command(orders: Path, folder: Path) -> list[str]:
        return [str(ARROW_RS), str(orders), str(output(folder)), str(threads)]

    locked = tomllib.loads(ARROW_RS_LOCK.read_text())["package"]
    found = next(package["version"] for package in locked if package["name"] == "arrow-json")
    return Engine("arrow-rs", found, command)
