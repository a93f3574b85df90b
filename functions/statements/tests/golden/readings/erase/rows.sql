-- Lists the lines of landing objects that rows of staging which match came from.
-- Grain: one row a row of staging.
-- Repetition: reads only.
select
    _source_object as source_object,
    _source_line as source_line,
    to_varchar(_landed_at, 'YYYY-MM-DD HH24:MI:SS.FF6') as landed_at
from staging.readings
where
    sensor = ?
    and measured_at = cast(? as timestamp_ntz(6))
    and due_at = cast(? as time(6))
order by source_object, landed_at, source_line;
