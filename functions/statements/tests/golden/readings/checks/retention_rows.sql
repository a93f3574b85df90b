-- Lists the rows that are older than the contract lets them be kept.
-- Grain: one row a failing row.
-- Repetition: reads only.
select
    sensor,
    measured_at,
    due_at,
    calibrated_on,
    _source_object,
    _source_line
from analytics.processed_readings
where calibrated_on < dateadd(month, -18, cast(sysdate() as date));
