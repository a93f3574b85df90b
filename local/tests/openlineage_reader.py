"""Reads OpenLineage events into the classes of the standard's own client, and accepts nothing beside.

The classes are generated from the standard's JSON schemas. Their validators look at times and
identifiers; here every value must have the type of its field as well, every field must be known,
and every facet must name the very schema that its class was generated from.
"""

from __future__ import annotations

import types
import typing
from enum import Enum
from typing import Any, Literal, Union

import attr
from openlineage.client import event_v2, facet_v2

RUN = {
    "processing_engine": facet_v2.processing_engine_run.ProcessingEngineRunFacet,
    "executionParameters": facet_v2.execution_parameters_run.ExecutionParametersRunFacet,
    "parent": facet_v2.parent_run.ParentRunFacet,
    "errorMessage": facet_v2.error_message_run.ErrorMessageRunFacet,
}
JOB = {"jobType": facet_v2.job_type_job.JobTypeJobFacet}
DATASET = {
    "schema": facet_v2.schema_dataset.SchemaDatasetFacet,
    "columnLineage": facet_v2.column_lineage_dataset.ColumnLineageDatasetFacet,
}
INPUT = {
    "inputStatistics": facet_v2.input_statistics_input_dataset.InputStatisticsInputDatasetFacet,
    "subset": facet_v2.base_subset_dataset.InputSubsetInputDatasetFacet,
    "dataQualityAssertions": facet_v2.data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet,
}
OUTPUT = {
    "outputStatistics": facet_v2.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
    "subset": facet_v2.base_subset_dataset.OutputSubsetOutputDatasetFacet,
}
FACETS = {
    (event_v2.Run, "facets"): RUN,
    (event_v2.Job, "facets"): JOB,
    (event_v2.InputDataset, "facets"): DATASET,
    (event_v2.OutputDataset, "facets"): DATASET,
    (event_v2.InputDataset, "inputFacets"): INPUT,
    (event_v2.OutputDataset, "outputFacets"): OUTPUT,
}
"""The classes of the facets that may stand in a field, by the facet's name."""

SCHEMA_FIELDS = ("schemaURL", "_schemaURL")


class NotAnEvent(ValueError):
    """The JSON is no event of the standard; the text says where."""


def read_event(document: Any) -> event_v2.RunEvent:
    """Reads a run event; raises `NotAnEvent`."""
    return _instance(event_v2.RunEvent, document, "event")


def _instance(cls: type, document: Any, at: str) -> Any:
    if not isinstance(document, dict):
        raise NotAnEvent(f"{at}: not an object")
    hints = typing.get_type_hints(cls)
    fields = {field.name: field for field in attr.fields(cls)}
    if unknown := document.keys() - fields.keys():
        raise NotAnEvent(f"{at}: unknown fields {sorted(unknown)}")
    arguments = {}
    for name, value in document.items():
        inside = f"{at}.{name}"
        if name in SCHEMA_FIELDS:
            if value != cls._get_schema():
                raise NotAnEvent(f"{inside}: {value}, not {cls._get_schema()}")
        elif name == "type" and isinstance(fields[name].default, str) and value != fields[name].default:
            raise NotAnEvent(f"{inside}: {value!r}, not {fields[name].default!r}")
        elif (cls, name) in FACETS:
            arguments[name] = _facets(FACETS[cls, name], value, inside)
        else:
            arguments[fields[name].alias] = _value(hints[name], value, inside)
    for name in SCHEMA_FIELDS + ("producer", "_producer"):
        if name in fields and not document.get(name):
            raise NotAnEvent(f"{at}: no {name}")
    try:
        return cls(**arguments)
    except (TypeError, ValueError) as error:
        raise NotAnEvent(f"{at}: {error}") from error


def _facets(classes: dict[str, type], document: Any, at: str) -> dict[str, Any]:
    if unknown := document.keys() - classes.keys():
        raise NotAnEvent(f"{at}: unknown facets {sorted(unknown)}")
    return {name: _instance(classes[name], value, f"{at}.{name}") for name, value in document.items()}


def _value(hint: Any, value: Any, at: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return _one_of(arguments, value, at)
    if origin is Literal:
        if value not in arguments:
            raise NotAnEvent(f"{at}: {value!r}, not one of {arguments}")
        return value
    if origin is list:
        if not isinstance(value, list):
            raise NotAnEvent(f"{at}: not a list")
        return [_value(arguments[0], one, f"{at}[{index}]") for index, one in enumerate(value)]
    if origin is dict:
        if not isinstance(value, dict):
            raise NotAnEvent(f"{at}: not an object")
        return {name: _value(arguments[1], one, f"{at}.{name}") for name, one in value.items()}
    if attr.has(hint):
        return _instance(hint, value, at)
    if isinstance(hint, type) and issubclass(hint, Enum):
        if value not in {one.value for one in hint}:
            raise NotAnEvent(f"{at}: {value!r} is no {hint.__name__}")
        return hint(value)
    if type(value) is not hint:
        raise NotAnEvent(f"{at}: {value!r} is no {hint}")
    return value


def _one_of(hints: tuple[Any, ...], value: Any, at: str) -> Any:
    """A field that may be left out is not null: none of the standard's schemas allows that."""
    refusals = []
    for hint in hints:
        if hint is type(None):
            continue
        try:
            return _value(hint, value, at)
        except NotAnEvent as refusal:
            refusals.append(str(refusal))
    raise NotAnEvent("; ".join(refusals))
