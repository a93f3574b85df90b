"""Snowflake queries to DuckDB SQL.

sqlglot carries over the grammar; here is what it leaves out or gets wrong. What neither knows is
refused, so that no statement means something else here than it would in Snowflake.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import ClassVar

import sqlglot
from sqlglot import ErrorLevel, exp
from sqlglot.dialects.snowflake import Snowflake
from sqlglot.errors import ParseError, UnsupportedError
from sqlglot.helper import seq_get

from . import datatypes, errors, orderings, variants
from .context import Context
from .variants import known

_TO_CHAR = {
    "YYYY": "%Y", "MM": "%m", "DD": "%d", "HH24": "%H", "MI": "%M", "SS": "%S", "FF6": "%f",
    "FF3": "%g", "DY": "%a", "MON": "%b",
}
_DATE_PARTS = re.compile("%[Ymdab]")
_TO_CHAR_PARTS = re.compile("|".join(sorted(_TO_CHAR, key=len, reverse=True)) + r"|[^A-Za-z\"%]")


class _Snowflake(Snowflake):
    """sqlglot's Snowflake, which leaves out the second argument of TRY_PARSE_JSON."""

    class Parser(Snowflake.Parser):
        FUNCTIONS: ClassVar = Snowflake.Parser.FUNCTIONS | {
            "TRY_PARSE_JSON": lambda given: exp.ParseJSON(this=given[0], expression=seq_get(given, 1), safe=True),
        }


def parse(text: str) -> exp.Expression:
    """The syntax tree of one statement, its identifiers as Snowflake stores them."""
    return _parsed(text).copy()


@lru_cache(maxsize=64)
def _parsed(text: str) -> exp.Expression:
    try:
        tree = sqlglot.parse_one(text, read=_Snowflake)
    except (ParseError, sqlglot.errors.TokenError) as error:
        detail = error.errors[0] if isinstance(error, ParseError) and error.errors else None
        where = f"line {detail['line']} at position {detail['col']} " if detail else ""
        what = f"unexpected '{detail['highlight']}'." if detail else str(error)
        raise errors.syntax(f"syntax error {where}{what}") from error
    if isinstance(tree, exp.Command):
        raise errors.not_supported(f"this statement: {text[:80]}")
    for identifier in tree.find_all(exp.Identifier):
        if not identifier.quoted:
            identifier.set("this", identifier.name.upper())
            identifier.set("quoted", True)
    return tree


def duckdb_sql(tree: exp.Expression, context: Context) -> str:
    """DuckDB's text of a parsed statement whose tables are already resolved."""
    name_columns(tree)
    for rewrite in (
        _values, _flatten, _functions, variants.translate, orderings.translate, _division, _data_types,
        _context_functions,
    ):
        rewrite(tree, context)
    unknown = next((one for one in tree.find_all(exp.Anonymous) if not one.meta.get("known")), None)
    if unknown:
        message = f"Unknown function {unknown.name.upper()}"
        raise errors.compilation("002140", "42601", message)
    try:
        return tree.sql("duckdb", unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise errors.not_supported(str(error)) from error


def name_columns(tree: exp.Expression) -> None:
    """Names the unnamed columns of the outermost select as Snowflake does, after their text."""
    select = tree
    while isinstance(select, (exp.SetOperation, exp.Subquery)):
        select = select.this
    if not isinstance(select, exp.Select):
        return
    named = []
    for item in select.expressions:
        if not item.output_name and not item.is_star:
            item = exp.alias_(item, item.sql("snowflake", identify=False).upper(), quoted=True)
        named.append(item)
    select.set("expressions", named)


def _values(tree: exp.Expression, _: Context) -> None:
    """The columns of VALUES are COLUMN1, COLUMN2, ... unless they are named."""
    for node in list(tree.find_all(exp.Values)):
        alias = node.args.get("alias")
        if isinstance(node.parent, exp.Insert) or (alias and alias.args.get("columns")):
            continue
        first = node.expressions[0]
        width = len(first.expressions) if isinstance(first, exp.Tuple) else 1
        names = [exp.to_identifier(f"COLUMN{n}", quoted=True) for n in range(1, width + 1)]
        this = alias.this if alias and alias.this else exp.to_identifier("VALUES", quoted=True)
        node.set("alias", exp.TableAlias(this=this, columns=names))


def _flatten(tree: exp.Expression, _: Context) -> None:
    """`lateral flatten(input => x)` and `table(flatten(...))` over json_each."""
    for node in list(tree.find_all(exp.Lateral, exp.TableFromRows)):
        if not isinstance(node.this, exp.Explode):
            raise errors.not_supported(f"the table function {node.this.sql('snowflake')}")
        argument = node.this.this
        if node.this.expressions or not isinstance(argument, exp.Kwarg) or node.args.get("outer"):
            raise errors.not_supported("arguments of flatten other than input")
        alias = node.args.get("alias")
        inner = sqlglot.parse_one(
            """select 1 as "SEQ",
              case json_type(i.v) when 'OBJECT' then e.key end as "KEY",
              e.fullkey as "PATH",
              case json_type(i.v) when 'ARRAY' then cast(e.key as bigint) end as "INDEX",
              e.value as "VALUE", i.v as "THIS"
            from (select :input as v) as i, json_each(i.v) as e""", read="duckdb",
        )
        for name in [one for one in inner.find_all(exp.Placeholder) if one.name == "input"]:
            name.replace(variants.only_variant(argument.expression, "FLATTEN"))
        for call in inner.find_all(exp.Anonymous):
            call.meta["known"] = True
        name = alias.this.copy() if alias and alias.this else exp.to_identifier("F", quoted=True)
        node.replace(exp.Lateral(this=exp.Subquery(this=inner), alias=exp.TableAlias(this=name)))


def _functions(tree: exp.Expression, _: Context) -> None:
    for node in list(tree.find_all(exp.Struct)):
        pairs: list[exp.Expression] = []
        for item in node.expressions:
            if not isinstance(item, exp.PropertyEQ):
                raise errors.not_supported("object_construct of this form")
            pairs += [item.this, item.expression]
        node.replace(known("JSON_OBJECT", *pairs))
    for node in list(tree.find_all(exp.ArrayAgg)):
        if not isinstance(node.parent, exp.Filter):
            node.replace(known("TO_JSON", node.copy()))
    for node in list(tree.find_all(exp.ToChar)):
        if node.args.get("format"):
            node.replace(_formatted(node.this, node.args["format"]))
        else:
            node.replace(exp.Cast(this=node.this, to=exp.DataType.build("varchar")))
    for node in list(tree.find_all(exp.PercentileCont)):
        for ordered in node.parent.find_all(exp.Ordered):  # DuckDB would cut a decimal's digits
            ordered.set("this", exp.Cast(this=ordered.this, to=exp.DataType.build("double")))
    for node in list(tree.find_all(exp.Round)):
        if node.args.get("truncate"):
            raise errors.not_supported("round with a rounding mode")


def _formatted(value: exp.Expression, pattern: exp.Expression) -> exp.Expression:
    parts = _strftime(pattern)
    if set(_DATE_PARTS.findall(parts.name)):
        return known("STRFTIME", value, parts)
    timestamp = exp.TryCast(this=value.copy(), to=exp.DataType.build("timestamp"))
    return known("STRFTIME", variants.by_type(value, {"TIME": variants.moment_of_time(value)}, timestamp), parts)


def _strftime(pattern: exp.Expression) -> exp.Expression:
    text = pattern.name.upper() if pattern.is_string else ""
    parts = _TO_CHAR_PARTS.findall(text)
    if not text or "".join(parts) != text:
        raise errors.not_supported(f"the format {pattern.sql()}")
    return exp.Literal.string("".join(_TO_CHAR.get(part, part) for part in parts))


def _division(tree: exp.Expression, _: Context) -> None:
    """Division by zero is an error in Snowflake and infinity in DuckDB."""
    for node in list(tree.find_all(exp.Div)):
        divisor = node.expression
        if isinstance(divisor, exp.Literal) and float(divisor.name) != 0:
            continue
        failure = known("ERROR", exp.Literal.string("Division by zero"))
        checked = exp.Case().when(exp.EQ(this=exp.paren(divisor.copy()), expression=exp.Literal.number(0)), failure)
        node.set("expression", exp.paren(checked.else_(divisor.copy())))


def _data_types(tree: exp.Expression, _: Context) -> None:
    """Casts to Snowflake's types as they are stored here; `varchar(n)` cuts, as in Snowflake."""
    for node in list(tree.find_all(exp.Cast)):
        if node.meta.get("known"):
            continue
        stored = datatypes.stored(node.to)
        node.set("to", exp.DataType.build(stored.duckdb, dialect="duckdb"))
        if stored.max_chars is not None:
            length = exp.Literal.number(stored.max_chars)
            node.replace(exp.Left(this=node.copy(), expression=length))


def _context_functions(tree: exp.Expression, context: Context) -> None:
    values = {
        exp.CurrentUser: context.user,
        exp.CurrentDatabase: context.database,
        exp.CurrentSchema: context.schema,
        exp.CurrentRole: context.role,
        exp.CurrentWarehouse: context.warehouse,
    }
    for kind, value in values.items():
        for node in list(tree.find_all(kind)):
            node.replace(exp.Literal.string(value) if value else exp.null())
