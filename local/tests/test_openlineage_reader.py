"""The reader of events takes what the standard takes, and refuses what it does not."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from local.tests.openlineage_reader import NotAnEvent, read_event

SPEC = "https://openlineage.io/spec"
PRODUCER = "urn:snowline:test"


def facet(file: str, definition: str, **body: Any) -> dict[str, Any]:
    return {"_producer": PRODUCER, "_schemaURL": f"{SPEC}/facets/{file}.json#/$defs/{definition}", **body}


EVENT: dict[str, Any] = {
    "eventType": "COMPLETE",
    "eventTime": "2026-11-22T09:16:05.042Z",
    "producer": PRODUCER,
    "schemaURL": f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent",
    "run": {"runId": "7f1f2c0a-58a5-5d1c-9d8e-2d2f0c7b1a01"},
    "job": {"namespace": "snowline", "name": "load.orders"},
    "outputs": [{
        "namespace": "snowflake://LOCAL",
        "name": "SNOWLINE.STAGING.ORDERS",
        "facets": {
            "schema": facet("1-2-0/SchemaDatasetFacet", "SchemaDatasetFacet", fields=[{"name": "A"}]),
            "columnLineage": facet(
                "1-2-0/ColumnLineageDatasetFacet", "ColumnLineageDatasetFacet",
                fields={"A": {"inputFields": [{"namespace": "s3://lake", "name": "processed/final", "field": "a"}]}},
            ),
        },
        "outputFacets": {
            "outputStatistics": facet(
                "1-0-2/OutputStatisticsOutputDatasetFacet", "OutputStatisticsOutputDatasetFacet", rowCount=1
            ),
            "subset": facet(
                "1-0-0/BaseSubsetDatasetFacet", "OutputSubsetOutputDatasetFacet",
                outputCondition={"type": "location", "locations": ["s3://lake/a"]},
            ),
        },
    }],
}


def changed(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    event = copy.deepcopy(EVENT)
    inside: Any = event
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    return event


def test_an_event_of_the_standard_is_read() -> None:
    event = read_event(EVENT)
    assert event.outputs[0].outputFacets["outputStatistics"].rowCount == 1
    assert event.outputs[0].facets["columnLineage"].fields["A"].inputFields[0].field == "a"


@pytest.mark.parametrize(("path", "value"), [
    (("eventType",), "DONE"),
    (("eventTime",), "yesterday"),
    (("extra",), 1),
    (("inputs",), None),
    (("producer",), ""),
    (("job",), {"name": "a"}),
    (("run",), {"runId": "1"}),
    (("schemaURL",), f"{SPEC}/1-0-0/OpenLineage.json#/$defs/RunEvent"),
    (("outputs", 0, "facets", "unknown"), {}),
    (("outputs", 0, "facets", "schema", "_schemaURL"), f"{SPEC}/facets/1-0-0/SchemaDatasetFacet.json"),
    (("outputs", 0, "facets", "schema", "fields"), [{"type": "varchar"}]),
    (("outputs", 0, "facets", "columnLineage", "fields"), {"a": {}}),
    (("outputs", 0, "outputFacets", "outputStatistics", "rowCount"), "1"),
    (("outputs", 0, "outputFacets", "outputStatistics", "rows"), 1),
    (("outputs", 0, "outputFacets", "subset", "outputCondition", "type"), "partition"),
    (("outputs", 0, "outputFacets", "subset", "outputCondition"), {"type": "location"}),
])
def test_anything_else_is_refused(path: tuple[Any, ...], value: Any) -> None:
    with pytest.raises(NotAnEvent):
        read_event(changed(path, value))
