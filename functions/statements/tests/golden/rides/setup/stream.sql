-- Remembers which staging rows the merge has not applied yet. It goes stale when no merge runs
-- for 14 days; then replace it with show_initial_rows = true, and the next merge reads all of
-- staging again, which changes nothing that is already applied.
-- Grain: one row a row appended to staging since the last merge.
-- Repetition: leaves an existing stream and its offset as they are.
use role sysadmin;

use database snowline;

create stream if not exists staging.rides_stream
on table staging.rides
append_only = true;
