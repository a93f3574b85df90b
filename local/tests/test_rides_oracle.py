"""The oracle of rides, on lines made by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from local.tests.oracle_values import Reject
from local.tests.rides_by_hand import BAD, ODD_BUT_GOOD
from local.tests.rides_oracle import validate


@pytest.mark.parametrize(("raw", "rule", "column"), BAD)
def test_a_bad_line_breaks_one_rule(raw: bytes, rule: str, column: str | None) -> None:
    assert validate(raw, datetime.now(UTC)) == Reject(rule, column)


@pytest.mark.parametrize("raw", ODD_BUT_GOOD)
def test_a_good_line_may_look_odd(raw: bytes) -> None:
    assert not isinstance(validate(raw, datetime.now(UTC)), Reject)
