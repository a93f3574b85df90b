"""Comparisons column by column, in the conditions of outer joins.

`a > x or (a = x and b > y)` is how standard SQL says that one row comes after another. In the
condition of an outer join DuckDB would compare every row with every other for it. Said as a comparison
of structs, it looks up what is equal in the rest of the condition and compares only that.

Where a null decides, the two differ: the one is null, the other takes a null as the greatest value. The
columns by which this project orders versions are never null, and columns of other queries had better
not be.
"""

from __future__ import annotations

from itertools import pairwise

from sqlglot import exp

from .context import Context
from .variants import known


def translate(tree: exp.Expression, _: Context) -> None:
    """Rewrites such comparisons in place."""
    for join in tree.find_all(exp.Join):
        condition = join.args.get("on")
        if join.side != "LEFT" or condition is None:
            continue
        for either in list(condition.find_all(exp.Or)):
            if (pairs := _ordered(either)) is not None:
                left, right = (_struct([pair[side] for pair in pairs]) for side in (0, 1))
                either.replace(exp.GT(this=left, expression=right))


def _ordered(either: exp.Or) -> list[tuple[exp.Expression, exp.Expression]] | None:
    """What is compared, the most significant first; None if this is no such comparison."""
    if isinstance(either.parent, exp.Or):
        return None
    alternatives = sorted((_conjuncts(one.unnest()) for one in either.flatten()), key=len)
    pairs = []
    for place, conjuncts in enumerate(alternatives):
        greater = [one for one in conjuncts if isinstance(one, exp.GT)]
        equal = [(one.this, one.expression) for one in conjuncts if isinstance(one, exp.EQ)]
        if len(conjuncts) != place + 1 or len(greater) != 1 or equal != pairs:
            return None
        pairs.append((greater[0].this, greater[0].expression))
    return pairs if _same_sides(pairs) else None


def _conjuncts(condition: exp.Expression) -> list[exp.Expression]:
    return list(condition.flatten()) if isinstance(condition, exp.And) else [condition]


def _same_sides(pairs: list[tuple[exp.Expression, exp.Expression]]) -> bool:
    columns = all(isinstance(one, exp.Column) for pair in pairs for one in pair)
    return columns and all(a.table == b.table and x.table == y.table for (a, x), (b, y) in pairwise(pairs))


def _struct(columns: list[exp.Expression]) -> exp.Anonymous:
    return known("ROW", *(column.copy() for column in columns))
