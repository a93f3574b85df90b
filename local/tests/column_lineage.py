"""Column lineage as a second reading of a contract has it: what stands in the YAML, and nothing of our own."""

from __future__ import annotations

from typing import Any

import yaml

from local.dataset import CONTRACTS, SUFFIX

Step = tuple[str, str, str, bool]
"""A source field, the type and subtype of what is done to it, and whether that hides it."""
Lineage = tuple[dict[str, set[Step]], set[Step]]
"""The sources of each column, and those that decide about the dataset as a whole."""


class ContractLineage:
    """The lineage that follows from the contract of a dataset."""

    def __init__(self, dataset: str) -> None:
        table = yaml.safe_load((CONTRACTS / f"{dataset}{SUFFIX}").read_text("utf-8"))["schema"][0]
        self._properties = {one["name"]: one for one in table["properties"]}
        custom = _custom(table)
        self._derived = {one["name"]: one for one in custom.get("derive", [])}
        self.aggregates = {one["name"]: one for one in custom.get("aggregates", [])}
        self._dedupe, self._operation = custom["dedupe"], custom.get("operation")

    @property
    def restricted(self) -> set[str]:
        return {name for name, one in self._properties.items() if one.get("classification") == "restricted"}

    def processing(self) -> Lineage:
        return {name: {self._of_record(name)} for name in self._properties}, set()

    def processed(self) -> Lineage:
        fields, _ = self.processing()
        open_fields = {name: steps for name, steps in fields.items() if name not in self.restricted}
        return open_fields | {name: {step} for name in self._derived if (step := self._of_derived(name))}, set()

    def aggregate(self, name: str) -> Lineage:
        aggregate = self.aggregates[name]
        rows, _ = self.processed()
        fields = {group: rows[group] for group in aggregate["groupBy"] if group in rows}
        for measure in aggregate["measures"]:
            if "column" in measure:
                fields[measure["name"]] = {(self._field(measure["column"]), "DIRECT", "AGGREGATION", False)}
        whole = {(step[0], "INDIRECT", "GROUP_BY", False) for group in aggregate["groupBy"] for step in rows[group]}
        if self._operation:
            whole.add((self._field(self._operation), "INDIRECT", "FILTER", False))
        return fields, whole

    def analytics(self, columns: list[str], json: set[str]) -> Lineage:
        """Of analytics from staging, which have these columns, some of JSON."""
        fields = {
            name.upper(): {(name.upper(), "DIRECT", "TRANSFORMATION" if name in json else "IDENTITY", False)}
            for name in columns
        }
        key = self._dedupe["key"]
        order = self._dedupe["order"] + ["_landed_at", "_source_object", "_source_line"]
        whole = {(name.upper(), "INDIRECT", kind, False) for name in key for kind in ("JOIN", "WINDOW")}
        whole |= {(name.upper(), "INDIRECT", "WINDOW", False) for name in order}
        if self._operation:
            whole.add((self._operation.upper(), "INDIRECT", "FILTER", False))
        return fields, whole

    def _field(self, path: str) -> str:
        name, dot, inside = path.partition(".")
        return _custom(self._properties[name]).get("field", name) + dot + inside

    def _of_record(self, name: str) -> Step:
        custom = _custom(self._properties[name])
        changed = "normalise" in custom or "epoch" in custom
        return self._field(name), "DIRECT", "TRANSFORMATION" if changed else "IDENTITY", False

    def _of_derived(self, name: str) -> Step | None:
        one = self._derived[name]
        if one["derive"] == "constant":
            return None
        subtype = "IDENTITY" if one["derive"] == "copy" else "TRANSFORMATION"
        return self._field(one["from"]), "DIRECT", subtype, one["derive"] == "hash"


def _custom(owner: dict[str, Any]) -> dict[str, Any]:
    return {one["property"]: one["value"] for one in owner.get("customProperties", [])}


def told(facet: Any, source: tuple[str, str]) -> Lineage:
    """The lineage that an event tells, all of which must come from one dataset."""

    def steps(fields: list[Any]) -> set[Step]:
        assert {(one.namespace, one.name) for one in fields} <= {source}
        return {
            (one.field, by.type, by.subtype, by.masking) for one in fields for by in one.transformations
        }

    return {name: steps(one.inputFields) for name, one in facet.fields.items()}, steps(facet.dataset)
