"""What a contract says of its dataset, as far as those who run the pipeline on this machine need it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import yaml

from local.stack import ROOT

CONTRACTS = ROOT / "contracts"
SUFFIX = ".odcs.yaml"
MINUTES = {"m": 1, "h": 60, "d": 24 * 60}


@dataclass(frozen=True)
class Aggregate:
    """An aggregate: its staging table, what it groups by, and the measures that add up over objects."""

    name: str
    group_by: list[str]
    sums: list[str]


@dataclass(frozen=True)
class Dataset:
    """A dataset. `columns` are those of analytics that the contract names, derived ones last."""

    name: str
    columns: list[str]
    key: list[str]
    order: list[str]
    aggregates: list[Aggregate]
    has_deletes: bool
    is_csv: bool
    latency: timedelta | None

    @property
    def staging(self) -> str:
        return f"staging.{self.name}"

    @property
    def analytics(self) -> str:
        return f"analytics.processed_{self.name}"

    @property
    def live(self) -> str:
        return f"analytics.{self.name}_live"


def names() -> list[str]:
    """The datasets there are a contract of."""
    return sorted(path.name.removesuffix(SUFFIX) for path in CONTRACTS.glob(f"*{SUFFIX}"))


def read(name: str) -> Dataset:
    """Reads the contract of a dataset."""
    contract = yaml.safe_load((CONTRACTS / f"{name}{SUFFIX}").read_text("utf-8"))
    table = contract["schema"][0]
    custom = _custom(table)
    landing = next(server for server in contract["servers"] if server["type"] == "s3")
    unrestricted = [one["name"] for one in table["properties"] if one.get("classification") != "restricted"]
    return Dataset(
        name=name,
        columns=unrestricted + [one["name"] for one in custom.get("derive", [])],
        key=custom["dedupe"]["key"],
        order=custom["dedupe"]["order"],
        aggregates=[
            Aggregate(
                one["name"], one["groupBy"],
                [measure["name"] for measure in one["measures"] if measure["function"] in ("count", "sum")],
            )
            for one in custom.get("aggregates", [])
        ],
        has_deletes="operation" in custom,
        is_csv=landing.get("format") == "csv",
        latency=_latency(contract.get("slaProperties", [])),
    )


def _custom(owner: dict[str, Any]) -> dict[str, Any]:
    return {one["property"]: one["value"] for one in owner.get("customProperties", [])}


def _latency(promises: list[dict[str, Any]]) -> timedelta | None:
    for promise in promises:
        if promise["property"] == "latency":
            return timedelta(minutes=promise["value"] * MINUTES[promise["unit"]])
    return None
