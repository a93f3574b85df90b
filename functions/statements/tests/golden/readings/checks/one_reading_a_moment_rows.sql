-- Lists the rows beyond the first of each combination of values.
-- Grain: one row a superfluous row.
-- Repetition: reads only.
select
    sensor,
    measured_at,
    due_at,
    _source_object,
    _source_line
from analytics.processed_readings
qualify row_number() over (
    partition by sensor, measured_at
    order by _source_object, _source_line
) > 1;
