-- Lists the rows that are older than the contract lets them be kept.
-- Grain: one row a failing row.
-- Repetition: reads only.
select
    city,
    ride_number,
    updated_at,
    _source_object,
    _source_line
from analytics.processed_rides
where updated_at < dateadd(year, -3, sysdate());
