-- Measures one value and compares it with what the contract demands.
-- Grain: one row; value is null, and passed false, when there is nothing to measure.
-- Repetition: reads only.
select
    measured.value,
    coalesce(measured.value between 50 and 200, false) as passed
from (
    with days as (
        select
            floor(datediff(second, _loaded_at, sysdate()) / 86400) as days_ago,
            count(*) as rows_arrived
        from staging.rides
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
) as measured;
