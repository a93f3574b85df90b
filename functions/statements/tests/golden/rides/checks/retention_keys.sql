-- Samples the merge keys of the rows that make a check fail, those of the most rows first.
-- Grain: one row a key, at most 5; the key's columns are text.
-- Repetition: reads only.
select
    to_varchar(city) as city,
    to_varchar(ride_number) as ride_number,
    count(*) as failing_rows
from (
    select
        city,
        ride_number,
        updated_at,
        _source_object,
        _source_line
    from analytics.processed_rides
    where updated_at < dateadd(year, -3, sysdate())
) as failing
group by city, ride_number
order by failing_rows desc, city asc, ride_number asc
limit 5;
