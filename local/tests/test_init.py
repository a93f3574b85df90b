"""What `snowline init` writes is valid by the standard and says the same to another YAML reader."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from local.tests.pipeline import SNOWLINE
from local.tests.test_contract import errors

SAMPLES: dict[str, str] = {
    "app-logins.json": "".join(
        json.dumps(
            {
                "eventId": f"3f2b8c1e-6a54-4d0f-9b7e-{n:012x}",
                "occurredAt": 1_795_342_830_125 + n,
                "kind": ["login", "logout"][n % 2],
                "e-mail": f"user{n % 3}@example.com",
                "device": {"os": "ios", "screen": {"width": 390}},
                "country": "DE",
                "price": 12.5,
            }
        )
        + "\n"
        for n in range(20)
    ),
    "names.json": json.dumps(
        {
            "id": 1,
            "no": "yes",
            "a: b": "x #y",
            "- dash": "2026-11-22",
            "'quoted'": '"',
            "multi\nline": "\u0085\u2028\x00",
            "größe": "ä",
            "😀": [1],
            "NULL": None,
            "~": True,
            "{a}": {"[b]": "*c", "&d": "!e"},
        }
    ),
    "readings.csv": "device id;measured_at;value\n" + "".join(f"D{n};2026-11-22T09:15:00Z;1.5\n" for n in range(9)),
    "undecided.json": '{"x":"1"}\n{"y":2.5}\n',
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_contract_from_a_sample_is_valid(name: str, tmp_path: Path) -> None:
    sample = tmp_path / name
    sample.write_text(SAMPLES[name], "utf-8")
    run = subprocess.run(
        [SNOWLINE, "init", sample, "--name", "stream", "--out", tmp_path], capture_output=True, text=True, check=False
    )
    assert run.returncode == (1 if name == "undecided.json" else 0), run.stderr
    contract = yaml.safe_load((tmp_path / "stream.odcs.yaml").read_text("utf-8"))
    assert errors(contract) == []
    if name == "names.json":
        columns = contract["schema"][0]["properties"]
        fields = {
            {item["property"]: item["value"] for item in column.get("customProperties", [])}.get(
                "field", column["name"]
            )
            for column in columns
        }
        assert fields == set(json.loads(SAMPLES[name])) - {"NULL"}
        [nested] = [column for column in columns if column["logicalType"] == "object"]
        assert [field["name"] for field in nested["properties"]] == ["[b]", "&d"]
