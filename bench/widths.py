"""Contracts narrower and wider than that of orders, and records of them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.data import DATA
from bench.orders import AMOUNT, INTEGER, TEXT, TIMESTAMP

SEED = 1
LOGICAL = {
    TEXT: {"logicalType": "string", "physicalType": "VARCHAR(64)"},
    TIMESTAMP: {"logicalType": "timestamp"},
    AMOUNT: {"logicalType": "number", "physicalType": "NUMBER(12,2)", "logicalTypeOptions": {"minimum": 0}},
    INTEGER: {"logicalType": "integer", "logicalTypeOptions": {"minimum": 0}},
}


@dataclass(frozen=True)
class Width:
    """A dataset: its contract, a file of records, and the columns for engines that know no contract."""

    name: str
    columns: dict[str, str]
    contract: Path
    records: Path
    bytes: int


def narrow(size: int) -> Width:
    """Three columns: what a record must have."""
    return _written("narrow", {"id": TEXT, "happened_at": TIMESTAMP, "amount": AMOUNT}, size)


def wide(size: int) -> Width:
    """Two hundred columns of every type, a third of them text."""
    kinds = [TEXT, INTEGER, AMOUNT, TEXT, INTEGER, TIMESTAMP]
    columns = {f"column_{number}": kinds[number % len(kinds)] for number in range(198)}
    return _written("wide", {"id": TEXT, "happened_at": TIMESTAMP} | columns, size)


def _written(name: str, columns: dict[str, str], size: int) -> Width:
    contract, records = DATA / f"{name}.odcs.yaml", DATA / f"{name}.json"
    # JSON is YAML.
    contract.write_text(json.dumps(_contract(name, columns), indent=1))
    numbers = random.Random(SEED)
    values = {column: _values(column, kind, numbers) for column, kind in columns.items()}
    with records.open("w") as out:
        while out.tell() < size:
            members = ",".join(f'"{column}":{value()}' for column, value in values.items())
            out.write(f"{{{members}}}\n")
    return Width(name, columns, contract, records, records.stat().st_size)


def _contract(name: str, columns: dict[str, str]) -> dict[str, object]:
    required = ("id", "happened_at")
    properties = [
        {"name": column, "required": column in required} | LOGICAL[kind] for column, kind in columns.items()
    ]
    dedupe = {"property": "dedupe", "value": {"key": ["id"], "order": ["happened_at"]}}
    return {
        "apiVersion": "v3.1.0", "kind": "DataContract", "id": f"urn:bench:{name}", "version": "1.0.0",
        "status": "active", "servers": [{"type": "s3", "format": "json"}],
        "schema": [{"name": name, "properties": properties, "customProperties": [dedupe]}],
    }


def _values(column: str, kind: str, numbers: random.Random) -> Callable[[], str]:
    """Makes the JSON text of a value: ids differ, other texts repeat."""
    if column == "id":
        return lambda: f'"{numbers.getrandbits(64):016x}"'
    if kind == TEXT:
        words = [f'"{column} {number}"' for number in range(50)]
        return lambda: numbers.choice(words)
    if kind == TIMESTAMP:
        return lambda: (
            f'"2026-{numbers.randrange(1, 13):02}-{numbers.randrange(1, 29):02}'
            f'T{numbers.randrange(24):02}:{numbers.randrange(60):02}:{numbers.randrange(60):02}.250000Z"'
        )
    if kind == AMOUNT:
        return lambda: f"{numbers.randrange(100_000)}.{numbers.randrange(100):02}"
    return lambda: str(numbers.randrange(1_000_000))
