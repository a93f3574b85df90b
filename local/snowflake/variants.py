"""VARIANT: access, casts and comparisons of values whose type only the value knows.

A variant is stored in DuckDB's type JSON, as `json_parser` writes it. A fraction that is taken out
by a path has the digits of a double.
"""

from __future__ import annotations

import json

from sqlglot import exp

from . import errors
from .catalog import Stream, Table, View
from .context import Context
from .json_parser import PARSERS

_TYPES = {
    "OBJECT": "OBJECT", "ARRAY": "ARRAY", "VARCHAR": "VARCHAR", "BOOLEAN": "BOOLEAN", "BIGINT": "INTEGER",
    "UBIGINT": "INTEGER", "DOUBLE": "DECIMAL", "NULL": "NULL_VALUE",
}
"""What TYPEOF says of DuckDB's JSON types."""

_MAY_BE_VARIANT = (
    exp.Column, exp.JSONExtract, exp.Coalesce, exp.Case, exp.Paren, exp.Subquery, exp.Max, exp.Min, exp.AnyValue,
    exp.Window, exp.Anonymous,
)


def translate(tree: exp.Expression, context: Context) -> None:
    """Rewrites what concerns variants, before types are translated."""
    for rewrite in (_types, _parsers, _elements, _paths, _comparisons, _casts):
        rewrite(tree, context)


def known(name: str, *arguments: exp.Expression) -> exp.Anonymous:
    """A DuckDB function that sqlglot has no class for."""
    call = exp.Anonymous(this=name, expressions=list(arguments))
    call.meta["known"] = True
    return call


def only_variant(value: exp.Expression, function: str) -> exp.Expression:
    """The value, if it is a variant; of any other type the function takes none."""
    message = f"Invalid argument types for function '{function}': "
    failure = known("ERROR", exp.Concat(expressions=[exp.Literal.string(message), _type_of(value)]))
    return by_type(value, {"JSON": known("TO_JSON", value.copy())}, failure)


def _type_of(value: exp.Expression) -> exp.Expression:
    return known("TYPEOF", value.copy())


def by_type(value: exp.Expression, cases: dict[str, exp.Expression], other: exp.Expression) -> exp.Case:
    """Chooses by DuckDB's type of a value, which it knows before it runs the query."""
    chosen = exp.Case(this=_type_of(value))
    for name, result in cases.items():
        chosen = chosen.when(exp.Literal.string(name), result, copy=False)
    return chosen.else_(other, copy=False)


def _plain(value: exp.Expression) -> exp.Expression:
    """A variant's value without quotes; that of JSON's null is null."""
    return known("JSON_EXTRACT_STRING", known("TO_JSON", value.copy()), exp.Literal.string("$"))


def _types(tree: exp.Expression, _: Context) -> None:
    for node in _inner_first(tree, exp.Typeof):
        kinds = exp.Case(this=known("JSON_TYPE", only_variant(node.this, "TYPEOF")))
        for duckdb_type, name in _TYPES.items():
            kinds = kinds.when(exp.Literal.string(duckdb_type), exp.Literal.string(name), copy=False)
        node.replace(kinds)


def _parsers(tree: exp.Expression, _: Context) -> None:
    for node in _inner_first(tree, exp.ParseJSON):
        mode = node.expression.name.lower() if node.expression else "s"
        if mode not in ("d", "s"):
            raise errors.not_supported(f"the parameter '{mode}' of parse_json")
        parsed = known(PARSERS[bool(node.args.get("safe")), mode == "d"], node.this.copy())
        # DuckDB 1.5.5 does not keep the text that a function in Python returns; joined, it is its own.
        kept = exp.DPipe(this=parsed, expression=exp.Literal.string(""))
        cast = exp.Cast(this=kept, to=exp.DataType.build("json", dialect="duckdb"))
        cast.meta["known"] = True
        node.replace(cast)
    for node in _inner_first(tree, exp.ToVariant):
        node.replace(known("TO_JSON", node.this.copy()))


def _elements(tree: exp.Expression, _: Context) -> None:
    """`v['name']` and `v[0]` of a variant; what is no constant has no translation."""
    for node in list(tree.find_all(exp.Bracket)):
        (key,) = node.expressions
        if not isinstance(key, exp.Literal):
            raise errors.not_supported(f"the element {node.sql('snowflake')}")
        step = exp.JSONPathKey(this=key.name) if key.is_string else exp.JSONPathSubscript(this=int(key.name))
        path = exp.JSONPath(expressions=[exp.JSONPathRoot(), step])
        node.replace(exp.JSONExtract(this=node.this, expression=path))


def _paths(tree: exp.Expression, _: Context) -> None:
    """Text is no variant: a path into it is refused. A compared element is its plain value."""
    for node in list(tree.find_all(exp.JSONExtract)):
        if isinstance(node.this, exp.Column):
            node.set("this", only_variant(node.this, "GET"))
        if isinstance(node.parent, exp.Predicate) and not isinstance(node.parent, exp.Is):
            node.replace(exp.JSONExtractScalar(this=node.this, expression=node.expression))


def _comparisons(tree: exp.Expression, context: Context) -> None:
    """Text that a variant is compared with becomes a variant too."""
    names = _variant_columns(tree, context)
    for node in list(tree.find_all(exp.EQ, exp.NEQ)):
        for column, text in ((node.left, node.right), (node.right, node.left)):
            if isinstance(column, exp.Column) and column.name in names and text.is_string:
                json_text = exp.Literal.string(json.dumps(text.name, ensure_ascii=False))
                text.replace(by_type(column, {"JSON": json_text}, text.copy()))


def _variant_columns(tree: exp.Expression, context: Context) -> set[str]:
    """Names that belong to a variant in one of the relations that the statement reads."""
    names = set()
    for node in tree.find_all(exp.Table):
        item = context.catalog.relation(tuple(part.name for part in node.parts))
        if isinstance(item, Stream):
            item = context.catalog.find("TABLE", item.table)
        if isinstance(item, (Table, View)):
            names |= {column.name for column in item.columns if column.duckdb_type == "JSON"}
    return names


def _casts(tree: exp.Expression, _: Context) -> None:
    """To a variant whatever it is; from one its plain value; a time as text has no fraction."""
    for node in _inner_first(tree, exp.Cast):
        value = node.this
        if isinstance(node, exp.TryCast) or node.meta.get("known") or node.to.is_type("array", "object"):
            continue
        if node.to.is_type("variant"):
            _replace(node, known("TO_JSON", value.copy()))
        elif isinstance(value, _MAY_BE_VARIANT) or value.meta.get("known"):
            cases = {"JSON": exp.Cast(this=_plain(value), to=node.to.copy())}
            if node.to.is_type(*exp.DataType.TEXT_TYPES):
                cases["TIME"] = known("STRFTIME", moment_of_time(value), exp.Literal.string("%H:%M:%S"))
            _replace(node, by_type(value, cases, node.copy()))


def _inner_first(tree: exp.Expression, kind: type[exp.Expression]) -> list[exp.Expression]:
    """The nodes of a kind, each before those around it, which copy it."""
    return list(tree.find_all(kind))[::-1]


def _replace(node: exp.Expression, by: exp.Expression) -> None:
    """Replaces a node; a column of a query keeps its name."""
    if isinstance(node.parent, exp.Select) and node.arg_key == "expressions" and node.output_name:
        by = exp.alias_(by, node.output_name, quoted=True)
    node.replace(by)


def moment_of_time(value: exp.Expression) -> exp.Expression:
    """The first of January 1970 at a time of day."""
    return exp.Add(
        this=exp.cast(exp.Literal.string("1970-01-01"), "date"),
        expression=exp.TryCast(this=value.copy(), to=exp.DataType.build("time")),
    )
