-- Measures one value and compares it with what the contract demands.
-- Grain: one row; value is null, and passed false, when there is nothing to measure.
-- Repetition: reads only.
select
    measured.value,
    coalesce(measured.value = 0, false) as passed
from (
    select count(*) as value
    from (
        select
            order_id,
            _source_object,
            _source_line
        from analytics.processed_orders
        qualify row_number() over (
            partition by order_id
            order by _source_object, _source_line
        ) > 1
    ) as failing
) as measured;
