"""A Snowflake account on this machine: the SQL API v2 over DuckDB.

It answers the statements this project sends as Snowflake does, and refuses what Snowflake
refuses; what it cannot translate faithfully it refuses too (001003), and never ignores.

    with SnowflakeServer(s3_endpoint, {"ADMIN": key_file}) as snowflake:
        snowflake.run_script(setup_sql)
        snowflake.query("select count(*) from snowline.staging.orders")

Where it differs from Snowflake:

- Transactions that write run one at a time, but for a COPY beside a MERGE. Secondary roles are not applied.
- Network policies are not looked at. Snowflake wants one for programmatic access tokens.
- Timestamps hold microseconds. Quotients and averages are doubles, not numbers.
- JSON is RFC 8259, and a fraction that a path takes out of a variant is a double: see `json_parser`.
- Columns are found without regard to the case of quoted names; tables are not.
- Time travel is answered only for a table that was not written since.
- A MERGE finds what matches before it changes anything; in the condition of an outer join, an order by
  several columns takes a null for the greatest value: see `orderings`.
- Streams are append-only ones and do not go stale with age.
- A listed file that was loaded before is reported LOAD_SKIPPED beside others; when all were, the
  result is the single row that says so.
"""

from .server import SnowflakeServer

__all__ = ["SnowflakeServer"]
