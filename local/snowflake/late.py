"""Late materialisation, which DuckDB does for LIMIT but not for QUALIFY."""

from __future__ import annotations

from sqlglot import exp

from .catalog import Name

_ROW_ID = "METADATA$ROW_ID"
_PARTS = {"kind", "expressions", "from_", "qualify"}


def narrow(tree: exp.Expression, streams: set[Name]) -> None:
    """Lets `select ... from <stream> qualify ...` find the ids of what it leaves out, and then the rows.

    DuckDB would sort whole rows, of which a million take gigabytes. What a MERGE leaves out, because a
    newer version came as well, is few beside the rest.
    """
    for select in list(tree.find_all(exp.Select)):
        qualify = select.args.get("qualify")
        if qualify is None or not _is_plain(select, streams):
            continue
        source = select.args["from_"].this
        row_id = exp.column(exp.to_identifier(_ROW_ID, quoted=True), exp.to_identifier(source.alias, quoted=True))
        ids = exp.select(row_id.copy()).from_(source.copy())
        kept = exp.func("coalesce", qualify.this.copy(), exp.false())
        ids.set("qualify", exp.Qualify(this=exp.not_(kept)))
        select.set("qualify", None)
        select.where(exp.not_(exp.In(this=row_id, query=exp.Subquery(this=ids))), copy=False)


def _is_plain(select: exp.Select, streams: set[Name]) -> bool:
    """Whether a query takes columns of one stream, and has no clause but QUALIFY."""
    source = select.args.get("from_") and select.args["from_"].this
    return (
        isinstance(source, exp.Table)
        and tuple(part.name for part in source.parts) in streams
        and all(key in _PARTS for key, value in select.args.items() if value)
        and all(isinstance(column, exp.Column) and not column.is_star for column in select.expressions)
    )
