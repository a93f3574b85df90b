"""The contracts are valid by the standard's own package, not only by our reader."""

from __future__ import annotations

import copy
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft201909Validator
from open_data_contract_standard.model import OpenDataContractStandard

CONTRACTS = sorted(Path("contracts").glob("*.odcs.yaml"))
SCHEMA = json.loads(files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8"))


def errors(contract: dict[str, Any]) -> list[str]:
    """What the JSON schema of the standard says against a contract."""
    found = Draft201909Validator(SCHEMA).iter_errors(contract)
    return sorted({f"{error.json_path}: {error.message}" for error in found})


def test_the_schema_is_that_of_the_version_the_contracts_name() -> None:
    assert SCHEMA["properties"]["apiVersion"]["default"] == "v3.1.0"
    assert CONTRACTS


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.name)
def test_a_contract_is_valid(path: Path) -> None:
    assert errors(yaml.safe_load(path.read_text("utf-8"))) == []


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.name)
def test_the_standards_model_keeps_every_column_and_rule(path: Path) -> None:
    """Nothing is lost on the way through the package other tools read contracts with."""
    written = yaml.safe_load(path.read_text("utf-8"))
    read = OpenDataContractStandard.from_file(str(path)).model_dump(by_alias=True, exclude_none=True)
    assert read["schema"] == written["schema"]


@pytest.mark.parametrize(
    "place",
    [[], ["servers", 0], ["schema", 0], ["schema", 0, "properties", 0], ["schema", 0, "quality", 0]],
    ids=["contract", "server", "table", "column", "rule"],
)
def test_an_unknown_key_is_refused(place: list[str | int]) -> None:
    contract = copy.deepcopy(yaml.safe_load(CONTRACTS[0].read_text("utf-8")))
    owner: Any = contract
    for step in place:
        owner = owner[step]
    owner["enum"] = ["not a key of the standard"]
    assert any("'enum' was unexpected" in error for error in errors(contract))
