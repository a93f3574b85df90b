"""SELECT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from . import errors, translate
from .context import quoted
from .lanes import NONE
from .resolve import resolve
from .results import Result

if TYPE_CHECKING:
    from .session import Session

_LONGEST_WAIT_S = 3600.0


def run(session: Session, text: str) -> Result:
    """Runs a query. It reads streams without advancing them."""
    tree = translate.parse(text)
    if not isinstance(tree, exp.Query) and not isinstance(tree, exp.Values):
        raise errors.not_supported(f"this statement: {text[:80]}")
    reads = resolve(tree, session.context)
    if reads.objects:
        session.context.require_warehouse()
    _system_functions(session, tree)
    sql = translate.duckdb_sql(tree, session.context)
    with session.statement(NONE):
        return session.query(sql)


def _system_functions(session: Session, tree: exp.Expression) -> None:
    for call in list(tree.find_all(exp.Anonymous)):
        name = call.name.upper()
        if name == "SYSTEM$WAIT":
            session.wait(min(float(call.expressions[0].name), _LONGEST_WAIT_S))
            call.replace(exp.Literal.string(f"waited {call.expressions[0].name} seconds"))
        elif name == "SYSTEM$STREAM_HAS_DATA":
            parts = tuple(part.upper() for part in call.expressions[0].name.split("."))
            stream = session.context.relation(parts, "SELECT", ("STREAM",))
            with session.statement(NONE):
                count = session.execute(f"select 1 from {quoted(stream.name)} limit 1").fetchall()
            call.replace(exp.Boolean(this=bool(count)))
