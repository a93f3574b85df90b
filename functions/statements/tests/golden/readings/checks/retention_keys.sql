-- Samples the merge keys of the rows that make a check fail, those of the most rows first.
-- Grain: one row a key, at most 5; the key's columns are text.
-- Repetition: reads only.
select
    to_varchar(sensor) as sensor,
    to_varchar(measured_at, 'YYYY-MM-DD HH24:MI:SS.FF6') as measured_at,
    to_varchar(due_at, 'HH24:MI:SS.FF6') as due_at,
    count(*) as failing_rows
from (
    select
        sensor,
        measured_at,
        due_at,
        calibrated_on,
        _source_object,
        _source_line
    from analytics.processed_readings
    where calibrated_on < dateadd(month, -18, cast(sysdate() as date))
) as failing
group by sensor, measured_at, due_at
order by failing_rows desc, sensor asc, measured_at asc, due_at asc
limit 5;
