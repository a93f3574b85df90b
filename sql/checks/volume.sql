-- Measures the rows that arrived in the last day in percent of the median of the previous days
-- (at most 14). 100 when there is no whole earlier day to compare with.
-- Grain: one row.
-- Repetition: reads only.
with days as (
    select
        floor(datediff(second, _loaded_at, sysdate()) / 86400) as days_ago,
        count(*) as rows_arrived
    from staging.{{ tables.rows }}
    where _loaded_at > dateadd(day, -15, sysdate())
    group by days_ago
),

aged as (
    select
        days_ago,
        rows_arrived,
        max(days_ago) over () as oldest
    from days
)

select
    cast(
        coalesce(
            100.0 * sum(case when days_ago = 0 then rows_arrived else 0 end)
            / nullif(median(case when days_ago between 1 and oldest - 1 then rows_arrived end), 0),
            100
        ) as number(38, 6)
    ) as value
from aged
